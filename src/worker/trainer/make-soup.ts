import { readFile, writeFile } from 'node:fs/promises';
import { forwardCosts } from '../../cost/forward-costs.js';
import type { SoupSpec, SoupTry } from '../../domain/task.js';
import type { DividedImages } from '../../datasets/splits/divide-images.js';
import { readSafetensors, writeSafetensors } from '../../formats/safetensors.js';
import { networkByArchitecture } from '../../networks/registry.js';
import { greedySoup, type ReadMember, type SoupOptions } from '../../training/greedy-soup.js';
import type { SoupAnswer, SoupRequest } from '../trainer-protocol.js';
import type { OpenFiles } from './open-files.js';
import { checkedRuntime, type TrainerParts } from './train-and-score.js';
import { trainingSides } from './training-sides.js';

/** What a soup came to, and what its weights take the validation images for. */
export type MadeSoup = Pick<SoupAnswer, 'result' | 'predictions'>;

/**
 * Makes the greedy soup of trained models, and writes its weights where the request says.
 *
 * @throws {DomainError} RUNTIME_MISMATCH when TensorFlow runs here otherwise than the job's trainings, and what `greedySoup`
 *   throws.
 */
export async function makeSoup(
  request: SoupRequest,
  { files, shared }: Pick<TrainerParts, 'files' | 'shared'>,
  onTry: (tried: SoupTry) => void,
): Promise<MadeSoup> {
  const { spec, train, validation, outputPath } = request;
  const runtime = checkedRuntime(spec);
  await files.load({ splits: [train, validation], sizePx: spec.network.imageSizePx });
  const startMs = performance.now();
  const sides = trainingSides({ train, validation }, spec);
  const options = optionsOf(request, sides, files);
  const soup = await greedySoup(options, { onTry, shared });
  await writeFile(outputPath, writeSafetensors(soup.weights));
  const result = {
    tries: soup.tries,
    ...soup.validation,
    soupSeconds: (performance.now() - startMs) / 1000,
    multiplyAccumulates: soup.imageCount * forwardCost(spec.network),
    runtime,
  };
  const labels = [...options.validation.labels];
  return { result, predictions: { images: [...sides.validation], labels, predictions: soup.predictions } };
}

function optionsOf(
  { spec, memberPaths: [best, ...others], train, validation }: SoupRequest,
  sides: DividedImages,
  files: OpenFiles,
): SoupOptions {
  const { network, objective, batchSize } = spec;
  return {
    network: networkByArchitecture(network.architecture),
    members: [memberAt(best), ...others.map(memberAt)],
    classCount: network.classCount,
    normalization: network,
    validation: files.images([train, validation], sides.validation),
    objective,
    batchSize,
  };
}

/** Reads a file anew each time, so that no more members are in memory than are needed. */
const memberAt =
  (path: string): ReadMember =>
  async () =>
    readSafetensors(await readFile(path));

/** The multiply-accumulates of one image that goes forward. */
function forwardCost({ architecture, imageSizePx, classCount }: SoupSpec['network']): number {
  const layers = networkByArchitecture(architecture).blocks.map((block) => block.layers);
  return forwardCosts(layers, imageSizePx, classCount).reduce((sum, { forward }) => sum + forward, 0);
}
