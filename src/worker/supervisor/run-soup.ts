import { rm } from 'node:fs/promises';
import type { SoupResult, SoupSpec } from '../../domain/task.js';
import type { AttemptContext } from './attempt-context.js';
import { splitFile, uploadFile } from './run-training.js';
import type { SoupRequest } from '../trainer-protocol.js';

/** Makes a greedy soup in the trainer process, and uploads its weights and predictions. */
export async function runSoup(spec: SoupSpec, context: AttemptContext): Promise<SoupResult> {
  const { cache, lease, trainer, signal, transfers } = context;
  const memberPaths: SoupRequest['memberPaths'] = [await transfers.download(spec.network.weights)];
  for (const member of spec.others) memberPaths.push(await transfers.download(member));
  const train = await splitFile('train', spec, context);
  const validation = await splitFile('validation', spec, context);
  const outputPath = cache.temporaryPath(`soup-${lease.task}`);
  const request = { type: 'soup', spec, memberPaths, train, validation, outputPath } as const;
  try {
    const answer = await trainer.run(request, { signal, onEpoch: () => undefined });
    if (answer.type !== 'soupMade') throw new Error(`expected a soup, the trainer answered ${answer.type}`);
    const weights = await uploadFile(outputPath, context);
    const predictions = await transfers.upload(Buffer.from(JSON.stringify(answer.predictions)));
    return { ...answer.result, weights, predictions };
  } finally {
    await rm(outputPath, { force: true });
  }
}
