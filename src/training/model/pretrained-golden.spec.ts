import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { l2Norm, uniformAt } from '../../../test/fixtures/golden/fill.js';
import { type HostTensor, readSafetensors } from '../../formats/safetensors.js';
import { parameterSpecs } from '../../networks/parameters.js';
import { networkByArchitecture } from '../../networks/registry.js';
import { toTorchLayout } from '../../networks/weight-layout.js';
import { checkWeights, loadWeights } from '../../networks/weights.js';
import { type Tensor, type Tensor4D, tf } from '../device/backend.js';
import { lossAndGradients } from '../loop/batch-gradients.js';
import { evaluate } from '../metrics/evaluate.js';
import { plainStep } from '../../../test/fixtures/steps.js';
import { wholeBatch } from '../../../test/fixtures/tiny-network.js';
import { imagesInMemory, imageSource } from '../examples/image-batches.js';
import { runLayers } from './layer-run.js';
import { ModelState, type Segment } from './model-state.js';

interface StepResult {
  readonly logits: readonly (readonly number[])[];
  readonly loss: number;
  readonly grads: Readonly<Record<string, { readonly norm: number; readonly first4: readonly number[] }>>;
  readonly runningAfter?: Readonly<Record<string, readonly number[]>>;
}

interface PretrainedGolden {
  readonly cases: readonly {
    readonly image: string;
    readonly pixelSum: number;
    readonly logits: readonly number[];
    readonly top5: readonly { readonly index: number }[];
  }[];
  readonly trainingStep: { readonly results: { readonly evalBN: StepResult; readonly trainBN: StepResult } };
}

const FOLDER = 'assets/efficientnet-lite0';
const golden = JSON.parse(readFileSync(`${FOLDER}/golden.json`, 'utf8')) as PretrainedGolden;
const pretrained = readSafetensors(readFileSync(`${FOLDER}/weights.safetensors`));
const network = networkByArchitecture('efficientnet-lite0');
const normalization = { mean: [127, 127, 127], std: [128, 128, 128] };
const pixels = Uint8Array.from(golden.cases.flatMap(({ image }) => [...decodePng(`${FOLDER}/${image}`)]));
const labels = Int32Array.from(golden.cases.map(({ top5 }) => top5[0]?.index ?? -1));
const images = imagesInMemory(pixels, labels, 224);

function decodePng(path: string): Uint8Array {
  const decoded = tf.node.decodePng(readFileSync(path), 3);
  const bytes = Uint8Array.from(decoded.dataSync());
  decoded.dispose();
  return bytes;
}

const segments = (lrMultiplier: number, usesBatchStatistics: boolean): Segment[] =>
  network.blocks.map(({ id, layers }) => ({ id, layers, lrMultiplier, usesBatchStatistics }));

describe('pretrained EfficientNet-Lite0 on six photographs', () => {
  it('reads the pixels that the golden was computed from', () => {
    golden.cases.forEach(({ pixelSum }, index) => {
      const image = pixels.subarray(index * 224 * 224 * 3, (index + 1) * 224 * 224 * 3);
      expect(image.reduce((sum, value) => sum + value, 0)).toBe(pixelSum);
    });
  });

  it('gives the golden logits', async () => {
    const before = tf.memory().numTensors;
    const state = new ModelState(segments(0, false), checkWeights(network, pretrained, 1000), 1000);
    const source = imageSource(images, normalization);
    const input = await wholeBatch(source);
    const logits = tf.tidy(() => {
      const context = { parameter: state.parameters(new Map()) };
      return runLayers(
        network.blocks.flatMap(({ layers }) => layers),
        input,
        context,
      ).dataSync<'float32'>();
    });
    golden.cases.forEach((expected, example) =>
      expected.logits.forEach((value, index) =>
        expect(Math.abs((logits[example * 1000 + index] ?? NaN) - value)).toBeLessThan(1e-4),
      ),
    );
    input.dispose();
    source.dispose();
    state.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('evaluates to the golden top 1, whatever the batch size', async () => {
    const common = { network, weights: pretrained, classCount: 1000, normalization, images };
    const inBatches = await evaluate({ ...common, batchSize: 4 });
    const atOnce = await evaluate({ ...common, batchSize: 6 });
    expect(inBatches.accuracy).toBe(1);
    expect(inBatches.confusionMatrix).toEqual(atOnce.confusionMatrix);
    expect(inBatches.loss).toBeCloseTo(atOnce.loss, 5);
  });

  it('refuses to evaluate weights of another class count', async () => {
    const refused = evaluate({ network, weights: pretrained, classCount: 1001, normalization, images, batchSize: 6 });
    await expect(refused).rejects.toThrow('tensor _fc.weight: expected [1001, 1280], found [1000, 1280]');
  });
});

/** Which tolerance is whose: torch's own float32 gradient norms are up to 0.2 % (eval) and 0.5 % (train) off. */
describe.each([
  { mode: 'eval', usesBatchStatistics: false, expected: golden.trainingStep.results.evalBN },
  { mode: 'train', usesBatchStatistics: true, expected: golden.trainingStep.results.trainBN },
])('golden training step at 96 px, BatchNorm in $mode mode', ({ usesBatchStatistics, expected }) => {
  it('gives the loss, every gradient norm and the running statistics', async () => {
    const state = new ModelState(segments(1, usesBatchStatistics), stepWeights(), 10);
    const input = await stepInput();
    const batch = { input, labels: Int32Array.of(0, 1, 2, 3, 4, 5) };
    const { loss, gradients, statistics } = lossAndGradients(state, batch, plainStep({ batchNormMomentum: 0.01 }));
    expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-4);
    const largest = Math.max(...Object.values(expected.grads).map(({ norm }) => norm));
    for (const { name, kind, isBuffer } of parameterSpecs(network, 10)) {
      const gradient = gradients.get(name);
      if (isBuffer || gradient === undefined) continue;
      const host: HostTensor = { dtype: 'F32', shape: gradient.shape, data: gradient.dataSync<'float32'>() };
      const norm = l2Norm(toTorchLayout(host, kind).data);
      const goldenNorm = expected.grads[name]?.norm ?? NaN;
      if (goldenNorm > 1e-6 * largest) expect(Math.abs(norm / goldenNorm - 1), name).toBeLessThan(0.02);
      else expect(norm, name).toBeLessThan(1e-4 * largest);
    }
    expect(gradients.size).toBe(Object.keys(expected.grads).length);
    for (const [name, values] of Object.entries(expected.runningAfter ?? {})) {
      const found = statistics.get(name)?.dataSync<'float32'>();
      values.forEach((value, index) => expect(found?.[index], name).toBeCloseTo(value, 3));
    }
    tf.dispose([input, ...gradients.values(), ...statistics.values()]);
    state.dispose();
  });
});

function stepWeights(): Map<string, HostTensor> {
  const weight = Float32Array.from({ length: 12_800 }, (_, i) => uniformAt('_fc.weight', i) * Math.sqrt(3 / 1280));
  const weights = new Map(loadWeights(network, pretrained, 10, 1));
  weights.set('_fc.weight', { dtype: 'F32', shape: [10, 1280], data: weight });
  weights.set('_fc.bias', { dtype: 'F32', shape: [10], data: new Float32Array(10) });
  return weights;
}

async function stepInput(): Promise<Tensor> {
  const source = imageSource(images, normalization);
  const whole = (await wholeBatch(source)) as Tensor4D;
  const input = tf.tidy(() => tf.avgPool(whole.slice([0, 16, 16, 0], [6, 192, 192, 3]), 2, 2, 'valid'));
  whole.dispose();
  source.dispose();
  return input;
}
