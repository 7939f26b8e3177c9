import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { connectTo } from '../support/object-store.js';
import type { TestServices } from '../support/services.js';

const FASHION = join(import.meta.dirname, '../../assets/fashion-small/fashion-small.zip');
const CLASSES = ['bag', 'sneaker', 'trouser'];
const IMAGES_PER_CLASS = 16;
const DATASET_BUCKET = 'chaos-images';

/** Uploads the images of every job. @returns their s3 uri. */
export async function uploadImages(server: TestServices['s3']): Promise<string> {
  const client = connectTo(server);
  await client.makeBucket(DATASET_BUCKET);
  const files = Object.entries(unzipSync(readFileSync(FASHION)));
  const chosen = CLASSES.flatMap((label) =>
    files.filter(([path]) => path.startsWith(`${label}/`) && !path.endsWith('/')).slice(0, IMAGES_PER_CLASS),
  );
  for (const [path, bytes] of chosen) await client.putObject(DATASET_BUCKET, `fashion/${path}`, Buffer.from(bytes));
  return `s3://${DATASET_BUCKET}/fashion`;
}

/** The request of every job, with one seed: whatever is done to them, all must come to the same genomes and fitness. */
export const jobRequest = (dataset: string) => ({
  dataset,
  baseModel: 'baseModels/efficientnet-lite0.imagenet',
  data: {
    imageSizePx: 32,
    augmentation: 'LIGHT',
    split: { trainFraction: 0.4, validationFraction: 0.3, testFraction: 0.3 },
  },
  training: { epochCount: 1, batchSize: 8 },
  search: { seed: 7, biotune: { mode: 'PAPER_FAST', populationSize: 4, eliteCount: 1, generationCount: 2 } },
  evaluation: { seedCount: 1 },
  baselines: ['LINEAR_PROBE'],
  finals: { finalistCount: 1, seedCount: 1 },
});
