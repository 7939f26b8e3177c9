/** How benchmarks train, where they measure something else than the protocol: what `fineTune` wants beside data and candidate. */
export const PLAIN_PROTOCOL = {
  normalization: { mean: [127, 127, 127], std: [128, 128, 128] },
  technique: { type: 'BLOCKS' },
  batchSize: 32,
  baseLearningRate: 1e-4,
  optimizer: { type: 'ADAM', weightDecay: 0 },
  schedule: { type: 'CONSTANT' },
  labelSmoothing: 0,
  objective: { fitness: 'MACRO_ACCURACY', lossWeight: 0 },
  warmupStepCount: 0,
  headInit: 'RANDOM',
  classWeighting: 'NONE',
  sourceKey: 'bench',
};
