import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stageOutputs } from '../../../test/fixtures/golden/stage-outputs.js';
import { readSafetensors } from '../../formats/safetensors.js';
import { splitAtClassifier } from '../../networks/network.js';
import { networkByArchitecture } from '../../networks/registry.js';
import { checkWeights } from '../../networks/weights.js';
import { type Tensor, tf } from '../device/backend.js';
import { wholeBatch } from '../../../test/fixtures/tiny-network.js';
import { imagesInMemory, imageSource, type LabelledImages } from '../examples/image-batches.js';
import { runLayers } from './layer-run.js';
import { blockSegments, ModelState } from './model-state.js';

interface SharedGolden {
  readonly cases: readonly {
    readonly image: string;
    readonly logits: readonly number[];
    /** The mean of what the classifier takes. */
    readonly pooledFeatures?: readonly number[];
    readonly pooledFire9?: readonly number[];
    /** The stages of the first case alone. */
    readonly stages?: Readonly<Record<string, { readonly mean: number; readonly std: number }>>;
  }[];
}

/** Weights that may be used here but not committed: their licences or their training images do not allow it. */
const SHARED = '../shared/models';
const IMAGES = 'assets/efficientnet-lite0';

/** Means are RGB; these networks turn to BGR by themselves. */
const MODELS = [
  {
    folder: 'squeezenet1_1',
    architecture: 'squeezenet1-1-caffe',
    classCount: 1000,
    normalization: { mean: [123.68, 116.779, 103.939], std: [1, 1, 1] },
  },
  {
    folder: 'mobilenet_v2-keras160',
    architecture: 'mobilenet-v2-keras',
    classCount: 19,
    normalization: { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] },
  },
  {
    folder: 'resnet50-thin',
    architecture: 'resnet50-thin',
    classCount: 2,
    normalization: { mean: [123, 117, 104], std: [1, 1, 1] },
  },
];

describe.each(MODELS)('pretrained $architecture on six photographs', (model) => {
  const isAbsent = !existsSync(`${SHARED}/${model.folder}/weights.safetensors`);
  if (isAbsent) console.log(`skipped: no ${SHARED}/${model.folder}, whose weights are not part of this repository`);

  it.skipIf(isAbsent)('gives the golden logits, pooled features and stages', async () => {
    const before = tf.memory().numTensors;
    const golden = JSON.parse(readFileSync(`${SHARED}/${model.folder}/golden.json`, 'utf8')) as SharedGolden;
    const network = networkByArchitecture(model.architecture);
    const tensors = readSafetensors(readFileSync(`${SHARED}/${model.folder}/weights.safetensors`));
    const weights = checkWeights(network, tensors, model.classCount);
    const segments = blockSegments(network, [], 'EVAL');
    const state = new ModelState(segments, weights, model.classCount);
    const source = imageSource(readImages(golden), model.normalization);
    const input = await wholeBatch(source);
    tf.tidy(() => {
      const context = { parameter: state.parameters(new Map()) };
      const { logits, stages } = stageOutputs(network, [], input, context);
      expectClose(
        logits,
        golden.cases.flatMap((expected) => expected.logits),
      );
      const bodyOutput = runLayers(
        network.blocks.slice(0, -1).flatMap(({ layers }) => layers),
        input,
        context,
      );
      const features = runLayers(splitAtClassifier(network).features, bodyOutput, context);
      expectClose(
        features.rank === 4 ? tf.mean(features, [1, 2]) : features,
        golden.cases.flatMap((expected) => expected.pooledFeatures ?? expected.pooledFire9 ?? []),
      );
      for (const [name, { mean, std }] of Object.entries(golden.cases[0]?.stages ?? {})) {
        // Named for a convolution, taken behind its activation.
        if (/^conv1/i.test(name)) continue;
        const found = tf.moments(stages(name).slice([0], [1]));
        expect(Math.abs((found.mean.dataSync()[0] ?? NaN) - mean), name).toBeLessThan(1e-4 * std);
        expect(Math.sqrt(found.variance.dataSync()[0] ?? NaN) / std, name).toBeCloseTo(1, 4);
      }
    });
    input.dispose();
    source.dispose();
    state.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

function readImages({ cases }: SharedGolden): LabelledImages {
  const pixels = cases.map(({ image }) => {
    const decoded = tf.node.decodePng(readFileSync(`${IMAGES}/${image.replace(/^.*\//, '')}`), 3);
    const bytes = Uint8Array.from(decoded.dataSync());
    decoded.dispose();
    return bytes;
  });
  return imagesInMemory(Buffer.concat(pixels), new Int32Array(cases.length), 224);
}

/** Compares to 1e-4 of the largest value, as the formula-filled goldens. */
function expectClose(tensor: Tensor, expected: readonly number[]): void {
  const found = tensor.dataSync();
  expect(found.length).toBe(expected.length);
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const worst = expected.reduce((max, value, index) => Math.max(max, Math.abs((found[index] ?? NaN) - value)), 0);
  expect(worst / largest).toBeLessThan(1e-4);
}
