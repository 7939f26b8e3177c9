import { expect, it } from 'vitest';
import { tinyNetwork, tinyWeights } from '../../../test/fixtures/tiny-network.js';
import { leftovers } from '../../../test/fixtures/training.js';
import type { Execution } from '../../domain/runtime.js';
import { splitAtClassifier } from '../../networks/network.js';
import { randomStream } from '../../random/random-stream.js';
import { tf } from '../device/backend.js';
import type { ExampleSource } from '../examples/image-batches.js';
import { heldExamples } from '../examples/held-examples.js';
import { TracedFunctions } from '../graph/traced-functions.js';
import { InferenceModel } from '../model/inference-model.js';
import { score } from './evaluate.js';

const FEATURE_COUNT = 16;

/** Random features of so many examples. */
function features(exampleCount: number): ExampleSource {
  const next = randomStream('features');
  const values = new Float32Array(exampleCount * FEATURE_COUNT).map(() => next() * 6);
  return {
    labels: Int32Array.from({ length: exampleCount }, (_, example) => example % 3),
    keptBytes: values.byteLength,
    read: (batches) =>
      batches.map((examples) => {
        const rows = Array.from(examples, (example) => [
          ...values.subarray(example * FEATURE_COUNT, (example + 1) * FEATURE_COUNT),
        ]);
        return tf.tensor2d(rows, [examples.length, FEATURE_COUNT]);
      }),
    dispose: () => undefined,
  };
}

it.each<[Execution, number]>([
  ['TRACED', 21],
  ['TRACED', 100],
  ['EAGER', 21],
])(
  '%s, the metrics of %i held examples have the bits of those that are read batch by batch',
  async (execution, count) => {
    const before = leftovers();
    const functions = new TracedFunctions(execution);
    const model = new InferenceModel(splitAtClassifier(tinyNetwork).head, functions);
    model.loadWeights(tinyWeights(), 3);
    const options = { classCount: 3, batchSize: 4, functions };
    const held = await heldExamples(features(count));
    expect(held.held).toBeDefined();
    const found = await score(model, held, options);
    expect(found).toEqual(await score(model, features(count), options));
    expect(found.loss).toBeGreaterThan(0);
    for (const part of [held, model, functions]) part.dispose();
    expect(leftovers()).toEqual(before);
  },
);
