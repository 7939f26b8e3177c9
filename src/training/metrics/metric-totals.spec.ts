import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { randomStream } from '../../random/random-stream.js';
import { type Execution, nativeFunctionCount, nativeTensorCount, tf } from '../device/backend.js';
import { MetricTotals } from './metric-totals.js';
import type { ClassificationMetrics } from './metrics.js';
import { TracedFunctions } from '../graph/traced-functions.js';

interface Golden extends ClassificationMetrics {
  readonly name: string;
  readonly classCount: number;
  readonly logits: readonly number[];
  readonly labels: readonly number[];
}

const golden = JSON.parse(readFileSync('test/fixtures/metrics/expected.json', 'utf8')) as { cases: Golden[] };

interface Examples {
  readonly classCount: number;
  /** [labels.length, classCount] */
  readonly logits: readonly number[];
  readonly labels: readonly number[];
}

/** The metrics of examples that come in batches of these sizes, the last one again and again. */
function measure({ classCount, logits, labels }: Examples, sizes = [labels.length], execution: Execution = 'TRACED') {
  const functions = new TracedFunctions(execution);
  const totals = new MetricTotals(classCount, functions);
  try {
    for (let start = 0, batch = 0; start < labels.length; batch++) {
      const end = Math.min(labels.length, start + (sizes[batch] ?? sizes.at(-1) ?? 1));
      tf.tidy(() => {
        const batchLogits = tf.tensor(logits.slice(start * classCount, end * classCount), [end - start, classCount]);
        totals.add(batchLogits, tf.tensor1d(labels.slice(start, end), 'int32'));
      });
      start = end;
    }
    return totals.read();
  } finally {
    totals.dispose();
    functions.dispose();
  }
}

/** Logits on a coarse grid, so that equal ones are frequent. */
function randomExamples(exampleCount: number, classCount: number): Examples {
  const next = randomStream(`${exampleCount}/${classCount}`);
  return {
    classCount,
    logits: Array.from({ length: exampleCount * classCount }, () => Math.floor(next() * 24) / 4),
    labels: Array.from({ length: exampleCount }, () => Math.floor(next() ** 2 * classCount)),
  };
}

/** Loss, confusion matrix and bins by their definitions, in float64 and example by example. */
function byDefinition({ classCount, logits, labels }: Examples) {
  const confusionMatrix = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  const gaps = new Array<number>(15).fill(0);
  let loss = 0;
  labels.forEach((label, example) => {
    const row = logits.slice(example * classCount, (example + 1) * classCount);
    const largest = Math.max(...row);
    const prediction = row.indexOf(largest);
    const exponentialSum = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    loss += Math.log(exponentialSum) + largest - (row[label] ?? NaN);
    const counts = confusionMatrix[label] ?? [];
    counts[prediction] = (counts[prediction] ?? 0) + 1;
    const bin = Math.ceil(15 / exponentialSum) - 1;
    gaps[bin] = (gaps[bin] ?? 0) + (prediction === label ? 1 : 0) - 1 / exponentialSum;
  });
  return {
    confusionMatrix,
    loss: loss / labels.length,
    calibrationError: gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / labels.length,
  };
}

const counts = () => [tf.memory().numTensors, nativeTensorCount(), nativeFunctionCount()];
const before = counts();
afterEach(() => expect(counts()).toEqual(before));

describe.each(golden.cases)('scikit-learn on $name', (expected) => {
  const found = measure(expected, [7]);

  it('counts the same', () => {
    expect(found.confusionMatrix).toEqual(expected.confusionMatrix);
    expect(found.recalls).toEqual(expected.recalls);
  });

  it.each(['loss', 'accuracy', 'macroAccuracy', 'macroF1', 'calibrationError'] as const)(
    'gives the same %s',
    (name) => {
      expect(found[name]).toBeCloseTo(expected[name], 6);
    },
  );
});

describe.each([
  [1000, 3],
  [500, 40],
])('%i random examples of %i classes', (exampleCount, classCount) => {
  const examples = randomExamples(exampleCount, classCount);

  it('are counted as one by one in float64', () => {
    const { loss, confusionMatrix, calibrationError } = byDefinition(examples);
    const found = measure(examples, [96]);
    expect(found.confusionMatrix).toEqual(confusionMatrix);
    expect(found.loss).toBeCloseTo(loss, 5);
    expect(found.calibrationError).toBeCloseTo(calibrationError, 6);
  });

  it.each([[[exampleCount]], [[96]], [[1, 7, 64]], [[1]]])('give the same, cut into batches of %j', (sizes) => {
    const [whole, cut] = [measure(examples), measure(examples, sizes)];
    expect(cut.confusionMatrix).toEqual(whole.confusionMatrix);
    expect(cut.macroF1).toBe(whole.macroF1);
    expect(cut.loss).toBeCloseTo(whole.loss, 5);
    expect(cut.calibrationError).toBeCloseTo(whole.calibrationError, 6);
  });

  it('give the same bits traced and op by op', () => {
    expect(measure(examples, [96], 'TRACED')).toEqual(measure(examples, [96], 'EAGER'));
  });
});

describe('MetricTotals', () => {
  it('takes the lower one of two classes that are equal', () => {
    const logits = [0, 3, 3, 3, 1, 3, -1, -1, -1];
    expect(measure({ classCount: 3, logits, labels: [1, 2, 0] }).confusionMatrix).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
  });

  it('counts a confidence that is the end of a bin in that bin', () => {
    // A third, which is wrong, and 0.3, which is right: both in (4/15, 5/15].
    const logits = [0, 0, 0, -Infinity, ...[0.3, 0.25, 0.25, 0.2].map(Math.log)];
    const { calibrationError } = measure({ classCount: 4, logits, labels: [1, 0] });
    expect(calibrationError).toBeCloseTo((1 - 1 / 3 - 0.3) / 2, 6);
  });

  it('keeps the loss of logits whose exponentials overflow', () => {
    const { loss, calibrationError } = measure({ classCount: 2, logits: [1000, 0, 0, 0], labels: [1, 0] });
    expect(loss).toBeCloseTo((1000 + Math.log(2)) / 2, 3);
    // Sure and wrong, and half sure and right.
    expect(calibrationError).toBeCloseTo((1 + 0.5) / 2, 6);
  });

  it('has a calibration error of at most 1, however sure and wrong the predictions are', () => {
    const labels = Array.from({ length: 1000 }, () => 1);
    const logits = labels.flatMap((_, example) => [20 + example / 100, 0, 0.3]);
    expect(measure({ classCount: 3, logits, labels }, [96]).calibrationError).toBeLessThanOrEqual(1);
  });

  it.each([
    ['NaN first', [NaN, 5, 0]],
    ['NaN last', [0, 5, NaN]],
    ['only NaN', [NaN, NaN, NaN]],
    ['infinity', [0, Infinity, 0]],
  ])('has a loss of NaN for %s, and counts the other examples alone', (_, row) => {
    const { loss, calibrationError, confusionMatrix } = measure({
      classCount: 3,
      logits: [0, 1, 0, ...row, 2, 0, 1],
      labels: [1, 1, 2],
    });
    expect([loss, calibrationError]).toEqual([NaN, NaN]);
    expect(confusionMatrix).toEqual([
      [0, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
  });

  it('has an infinite loss for a right class that is impossible', () => {
    expect(measure({ classCount: 2, logits: [-Infinity, 0], labels: [0] }).loss).toBe(Infinity);
  });

  it('can be read between two batches', () => {
    const functions = new TracedFunctions('TRACED');
    const totals = new MetricTotals(2, functions);
    const accuracies = [1, 0, 1, 1].map((label) => {
      tf.tidy(() => totals.add(tf.tensor2d([[0, 1]]), tf.tensor1d([label], 'int32')));
      return totals.read().accuracy;
    });
    expect(accuracies).toEqual([1, 1 / 2, 2 / 3, 3 / 4]);
    totals.dispose();
    functions.dispose();
  });

  it('leaves nothing behind when a batch is refused', () => {
    const functions = new TracedFunctions('TRACED');
    const totals = new MetricTotals(3, functions);
    const tensors = [tf.zeros([2, 3]), tf.tensor1d([0, 3], 'int32')] as const;
    expect(() => totals.add(...tensors)).toThrow('label');
    tf.dispose([...tensors]);
    totals.dispose();
    functions.dispose();
  });
});
