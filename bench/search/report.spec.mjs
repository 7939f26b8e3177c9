import { describe, expect, it } from 'vitest';
import { estimateText, relativeCosts, resultText } from './report.mjs';

const method = (name, accuracy, multiplyAccumulates) => ({
  method: name,
  accuracy,
  interval: { low: accuracy - 0.02, high: accuracy + 0.01 },
  macroAccuracy: accuracy - 0.1,
  macroF1: accuracy - 0.2,
  trainedParameters: 12_810,
  multiplyAccumulates,
  seconds: 61.7,
});

const METHODS = [method('BIOTUNE', 0.85, 5e14), method('FULL_FINE_TUNE', 0.8, 2e13), method('LINEAR_PROBE', 0.7, 5e11)];

/** @returns the cells of the line of a table that begins with `first`. */
const cells = (text, first) =>
  text
    .split('\n')
    .find((line) => line.startsWith(first))
    ?.split(/ {2,}/);

describe('relativeCosts', () => {
  it('is over full fine-tuning', () => expect(relativeCosts(METHODS)).toEqual([25, 1, 0.025]));

  it('is unknown without it', () => expect(relativeCosts(METHODS.slice(2))).toEqual([undefined]));
});

describe('resultText', () => {
  const text = resultText({
    task: 'mnist-small',
    methods: METHODS,
    delivered: 'BIOTUNE',
    verdict: 'It was worth it.',
    warnings: ['few images'],
  });

  it('has a line for each method', () => {
    expect(cells(text, 'BioTune')).toEqual([
      'BioTune (search)',
      '85.0 % (83.0 % – 86.0 %)',
      '75.0 %',
      '0.650',
      '12,810',
      '25.00',
      '62',
      '← delivered',
    ]);
    expect(cells(text, 'Linear probe')?.[5]).toBe('0.03');
  });

  it('ends with verdict and warnings', () => expect(text.endsWith('\nIt was worth it.\n! few images')).toBe(true));

  it('leaves open what was not measured', () => {
    const alone = { ...METHODS[2], seconds: undefined };
    const line = cells(resultText({ task: 't', methods: [alone], verdict: '', warnings: [] }), 'Linear probe');
    expect(line?.slice(5)).toEqual(['–', '–']);
  });
});

describe('estimateText', () => {
  const cost = { trainingCount: 64, epochCount: 700, multiplyAccumulates: 1.24e15 };
  const estimate = {
    methods: [{ method: 'LORA', trialCount: 0, cost: { ...cost, trainingCount: 3 } }],
    cost,
    warnings: [],
  };

  it('says trainings and multiply-accumulates of each method and of all', () => {
    const text = estimateText(estimate);
    expect(cells(text, 'LoRA')).toEqual(['LoRA', '–', '3', '1.2·10¹⁵']);
    expect(text.split('\n').at(-1)).toBe('At most 64 trainings, 1.2·10¹⁵ multiply-accumulates');
  });

  it('says time, resolution and warnings where there are any', () => {
    const known = { ...estimate, cost: { ...cost, trainSeconds: 754 }, resolution: { smallestDifference: 0.087 } };
    expect(
      estimateText({ ...known, warnings: ['few images'] })
        .split('\n')
        .slice(-3),
    ).toEqual([
      'At most 64 trainings, 1.2·10¹⁵ multiply-accumulates, 12:34 min of one worker',
      'Two candidates of the search that differ by less than 8.7 points may differ by chance (95 %)',
      '! few images',
    ]);
  });
});
