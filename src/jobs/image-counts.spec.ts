import { expect, it } from 'vitest';
import { imageStep } from './image-counts.js';

const dataset = {
  classes: [40, 9, 5].map((validation, index) => ({
    label: `c${index}`,
    index,
    imageCount: { train: 100, validation, test: 10 },
  })),
};

it('is one image of the smallest fold for accuracy', () => {
  expect(imageStep(dataset, 1, 'ACCURACY')).toBe(1 / 54);
  expect(imageStep(dataset, 2, 'ACCURACY')).toBe(1 / 26);
});

it('is one image of the smallest class for a mean over classes', () => {
  expect(imageStep(dataset, 1, 'MACRO_ACCURACY')).toBeCloseTo(1 / 5 / 3, 12);
  expect(imageStep(dataset, 2, 'MACRO_F1')).toBeCloseTo(1 / 2 / 3, 12);
});
