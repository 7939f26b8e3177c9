import type { TaskGains } from './task-gains.js';

/** What searches gained over the best plain method; bench/accelerated/write-gains.mjs writes this file from bench/results. */
export const MEASURED_GAINS: readonly TaskGains[] = [
  {
    mode: 'ACCELERATED',
    gains: [0.0128, 0.0268, 0.0126],
    source: 'bench/results/accelerated-clothing-10.json',
    imageCount: 400,
    classCount: 10,
  },
  {
    mode: 'ACCELERATED',
    gains: [0.0088, 0.0223, 0.0106],
    source: 'bench/results/accelerated-fashion-small.json',
    imageCount: 400,
    classCount: 10,
  },
  {
    mode: 'PAPER_FAST',
    gains: [-0.0749, -0.0712, -0.0607],
    source: 'bench/results/search-clothing-10.json',
    imageCount: 400,
    classCount: 10,
  },
  {
    mode: 'PAPER_FAST',
    gains: [0.0503, 0.0403, 0.0465],
    source: 'bench/results/search-fashion-small.json',
    imageCount: 400,
    classCount: 10,
  },
];
