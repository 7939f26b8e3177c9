import { describe, expect, it } from 'vitest';
import { lossOf, plainStep } from '../../../test/fixtures/steps.js';
import { tinyNetwork, tinyWeights } from '../../../test/fixtures/tiny-network.js';
import { leftovers } from '../../../test/fixtures/training.js';
import { largestError } from '../../../test/fixtures/torch-reference/reference.js';
import { tf } from '../device/backend.js';
import { InferenceModel } from './inference-model.js';
import { runLayers } from './layer-run.js';
import { blockSegments, ModelState } from './model-state.js';
import { TracedFunctions } from '../graph/traced-functions.js';
import { trainStep } from '../loop/train-step.js';

const layers = tinyNetwork.blocks.flatMap((block) => block.layers);

describe('InferenceModel', () => {
  it('gives what the present weights give, each time that they are loaded after training steps', () => {
    const before = leftovers();
    const functions = new TracedFunctions();
    const state = new ModelState(blockSegments(tinyNetwork, [1, 0, 1], 'TRAIN'), tinyWeights(), 3, { functions });
    const model = new InferenceModel(layers, functions);
    const input = tf.randomUniform([5, 8, 8, 3], -1, 1, 'float32', 1);
    const batch = { input, labels: Int32Array.of(0, 1, 2, 0, 1) };
    const outputs = [1, 2, 3].map(() => {
      lossOf(trainStep(state, batch, plainStep({ learningRate: 0.05 })));
      state.loadInto(model);
      return tf.tidy(() => {
        const found = [...model.run(input).dataSync()];
        const expected = runLayers(layers, input, { parameter: state.parameters(state.optimizer.read()) });
        expect(largestError(found, [...expected.dataSync()])).toBeLessThan(1e-5);
        return found;
      });
    });
    expect(new Set(outputs.map(String)).size).toBe(3);
    for (const part of [model, state, functions, input]) part.dispose();
    expect(leftovers()).toEqual(before);
  });

  it('keeps the weights that it loaded while training goes on', () => {
    const functions = new TracedFunctions();
    const state = new ModelState(blockSegments(tinyNetwork, [1, 1, 1], 'EVAL'), tinyWeights(), 3, { functions });
    const model = new InferenceModel(layers, functions);
    const input = tf.randomUniform([4, 8, 8, 3], -1, 1, 'float32', 1);
    const predict = () => tf.tidy(() => [...model.run(input).dataSync()]);
    state.loadInto(model);
    const found = predict();
    lossOf(trainStep(state, { input, labels: Int32Array.of(0, 1, 2, 0) }, plainStep({ learningRate: 0.05 })));
    expect(predict()).toEqual(found);
    for (const part of [model, state, functions, input]) part.dispose();
  });
});
