import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.js';
import type { Artifact } from '../../src/domain/artifact.js';
import type { SoupResult, SoupSpec } from '../../src/domain/task.js';
import type { ValidationPredictions } from '../../src/domain/validation-predictions.js';
import {
  cacheDir,
  coordinator,
  importImages,
  networkSpec,
  outcomeOf,
  setUpWorkers,
  startWorker,
  store,
  succeeded,
  trainSpec,
} from './worker-harness.js';

setUpWorkers();

/** The bytes of the weights, as tensors. */
const tensorsOf = ({ sha256 }: Artifact) => readSafetensors(store.blobs.get(sha256) ?? Buffer.alloc(0));

/** What two soups must agree in: all but the time that they took. */
const bitsOf = ({ soupSeconds: _time, ...rest }: SoupResult) => rest;

describe('a worker that makes soups', () => {
  let first: Artifact;
  let second: Artifact;

  async function trained(lrMultipliers: number[], seed: number): Promise<Artifact> {
    const { train } = trainSpec(2, { lrMultipliers, seed, keepWeights: true });
    const task = coordinator.enqueue({ train: { ...train, training: { ...train.training, headInit: 'PROBE' } } });
    const { weights } = succeeded(await outcomeOf(task), 'train');
    if (weights === undefined) throw new Error('the result names no weights');
    return weights;
  }

  function soupSpec(best: Artifact, others: readonly Artifact[], changes: Partial<SoupSpec> = {}): { soup: SoupSpec } {
    const { pack, fold, foldCount } = trainSpec(1).train;
    const network = { ...networkSpec(32), weights: best };
    const objective = { fitness: 'ACCURACY', lossWeight: 0.1 } as const;
    return { soup: { network, others, pack, fold, foldCount, objective, batchSize: 16, ...changes } };
  }

  const soupOf = async (spec: { soup: SoupSpec }) => succeeded(await outcomeOf(coordinator.enqueue(spec)), 'soup');

  beforeAll(async () => {
    // A lease that a busy machine lets lapse would leave a task without an outcome: nobody gives it out again here.
    coordinator.leaseSeconds = 60;
    startWorker();
    await importImages();
    first = await trained([0, 0, 0, 0, 0, 0, 0, 1, 0], 1);
    second = await trained([0, 0, 0, 0, 0, 0, 0, 0.5, 0], 2);
  });

  it('gives weights, tries and figures, the same bits each time', async () => {
    const result = await soupOf(soupSpec(first, [second]));
    expect(result.tries).toMatchObject([{ memberIndex: 1, figureAfter: expect.any(Number) }]);
    const { validationAccuracy, validationLoss } = result;
    const [tried] = result.tries;
    if (tried?.figureAfter === undefined) throw new Error('the member was not tried');
    expect(tried.hasJoined).toBe(tried.figureAfter >= tried.figureBefore);
    const figure = Math.max(tried.figureBefore, tried.figureAfter);
    expect(validationAccuracy - 0.1 * validationLoss).toBeCloseTo(figure, 12);
    expect(result.runtime).toMatchObject({ device: 'CPU', execution: 'TRACED', intraOpThreadCount: 1 });
    const predicted = JSON.parse(store.blobs.get(result.predictions.sha256)?.toString() ?? '') as ValidationPredictions;
    const rightCount = predicted.predictions.filter((found, index) => found === predicted.labels[index]).length;
    expect(rightCount / predicted.images.length).toBeCloseTo(validationAccuracy, 12);
    expect(tensorsOf(result.weights).size).toBe(tensorsOf(first).size);
    expect(bitsOf(await soupOf(soupSpec(first, [second])))).toEqual(bitsOf(result));
  });

  it('gives the bytes of a model whose soup with itself it makes, and counts two looks at the validation images', async () => {
    const alone = await soupOf(soupSpec(first, [first]));
    expect(alone.weights).toEqual(first);
    const thrice = await soupOf(soupSpec(first, [first, first, first]));
    expect(thrice.weights).toEqual(first);
    expect(thrice.multiplyAccumulates).toBe(2 * alone.multiplyAccumulates);
    expect(thrice.tries.map(({ memberIndex, hasJoined }) => [memberIndex, hasJoined])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ]);
  });

  it('looks at one fold alone, where the spec names one', async () => {
    const [whole, half] = [await soupOf(soupSpec(first, [first])), await soupOf(soupSpec(first, [first], HALF))];
    expect(half.multiplyAccumulates).toBe(whole.multiplyAccumulates / 2);
  });

  it('ends with what is wrong with a member', async () => {
    const otherHead = networkSpec(32).weights;
    expect(await outcomeOf(coordinator.enqueue(soupSpec(first, [otherHead])))).toMatchObject({
      infeasible: { reason: 'WEIGHTS_INVALID' },
    });
    const missing = { sha256: 'ab'.repeat(32), sizeBytes: 5 };
    expect(await outcomeOf(coordinator.enqueue(soupSpec(first, [missing])))).toMatchObject({
      fault: { reason: 'ARTIFACT_CORRUPT', metadata: { expectedSha256: missing.sha256 } },
    });
  });

  it('refuses a job whose trainings ran otherwise', async () => {
    const { runtime } = await soupOf(soupSpec(first, [first]));
    const other = { ...runtime, intraOpThreadCount: 7 };
    expect(await outcomeOf(coordinator.enqueue(soupSpec(first, [first], { runtime: other })))).toMatchObject({
      fault: { reason: 'RUNTIME_MISMATCH' },
    });
  });

  it('trains as before after a soup, and leaves no file behind', async () => {
    expect(await trained([0, 0, 0, 0, 0, 0, 0, 1, 0], 1)).toEqual(first);
    expect(readdirSync(cacheDir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

const HALF: Partial<SoupSpec> = { fold: 1, foldCount: 2 };
