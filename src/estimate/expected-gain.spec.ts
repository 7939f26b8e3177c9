import { describe, expect, it } from 'vitest';
import { gainWarning, nearestGain } from './expected-gain.js';
import type { TaskGains } from './task-gains.js';

const task = (imageCount: number, classCount: number, gains: number[], mode = 'ACCELERATED' as const): TaskGains => ({
  mode,
  gains,
  source: `${imageCount}-${classCount}`,
  imageCount,
  classCount,
});

describe('nearestGain', () => {
  const measured = [task(1000, 10, [0.01]), task(400, 10, [0.03, -0.01, 0.02, 0.04]), task(400, 100, [0.5])];

  it('is the median and the range on the task that is nearest in images and classes', () => {
    expect(nearestGain('ACCELERATED', { imageCount: 500, classCount: 12 }, measured)).toEqual({
      median: 0.025,
      low: -0.01,
      high: 0.04,
      sampleCount: 4,
      sources: ['400-10'],
      imageCount: 400,
      classCount: 10,
    });
  });

  it('pools tasks that are as near', () => {
    const other = { ...task(410, 10, [0.2]), source: 'other' };
    expect(nearestGain('ACCELERATED', { imageCount: 400, classCount: 10 }, [...measured, other])).toMatchObject({
      median: 0.03,
      high: 0.2,
      sources: ['400-10', 'other'],
    });
  });

  it.each([
    ['images', { imageCount: 99, classCount: 10 }],
    ['classes', { imageCount: 1000, classCount: 2 }],
  ])('is none where no task is within four times the %s', (_, size) => {
    expect(nearestGain('ACCELERATED', size, measured)).toBeUndefined();
  });

  it('is none of another mode', () => {
    expect(nearestGain('PAPER', { imageCount: 400, classCount: 10 }, measured)).toBeUndefined();
  });
});

it('gainWarning says what was looked for', () => {
  expect(gainWarning('PAPER', { imageCount: 99, classCount: 2 })).toBe(
    'What the search will gain is not known: no task within 4 times 99 training images and 2 classes was measured in mode PAPER.',
  );
});
