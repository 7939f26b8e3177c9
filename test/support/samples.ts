import type { BaseModel } from '../../src/domain/base-model.js';
import type { Dataset } from '../../src/domain/dataset/dataset.js';
import type { JobEstimate } from '../../src/domain/job/estimate.js';
import type { JobEvent } from '../../src/domain/job/event.js';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import type { Download, ModelVersion } from '../../src/domain/model-version.js';
import type { MetricPoint, Trial } from '../../src/domain/job/trial.js';

/** One of everything that the services answer, for the specs of the two transports. */

const ULID = '01JD0000000000000000000000';
const TIME = '2026-11-24T12:00:00.000Z';
const SHA256 = 'ab'.repeat(32);
export const JOB_ID = `ftj_${ULID}`;
export const TRIAL_ID = `trl_${ULID}`;
export const DATASET_ID = `ds_${ULID}`;
export const TASK_ID = `tsk_${ULID}`;
export const DATASET_VERSION = `projects/vision/datasets/${DATASET_ID}/versions/1`;

/** The smallest body that creates a job. */
export const twoFields = { baseModel: 'baseModels/efficientnet-lite0', dataset: 's3://photos/flowers' };

const genome = { genes: [0.2, 0.9], threshold: 0.5 };

export const job: FineTuneJob = {
  name: `projects/vision/fineTuneJobs/${JOB_ID}`,
  id: JOB_ID,
  labels: { team: 'botany' },
  datasetVersion: DATASET_VERSION,
  spec: {
    baseModel: 'baseModels/efficientnet-lite0',
    data: { searchFraction: 0.5, imageSizePx: 64, augmentation: 'NONE' },
    training: {
      epochCount: 30,
      patienceEpochs: 3,
      batchSize: 96,
      baseLearningRate: 1e-3,
      cosineEpochCount: 100,
      stepCountMin: 0,
      frozenBatchNorm: 'TRAIN',
      headInit: 'RANDOM',
      warmupStepCount: 0,
      optimizer: 'ADAM',
      weightDecay: 0,
      momentum: 0.9,
      lrSchedule: 'COSINE',
      labelSmoothing: 0,
      classWeighting: 'NONE',
    },
    reproducibility: 'BITWISE',
    search: {
      type: 'BIOTUNE',
      seed: 2 ** 53 - 1,
      biotune: {
        mode: 'PAPER',
        generationCount: 10,
        populationSize: 10,
        eliteCount: 3,
        reproduction: 'BATCH_SYNC',
      },
      blockConstraints: [{ blockId: 'stem', policy: 'FREEZE' }],
      initialGenomes: [],
      warmStartFrom: [],
      accelerated: {
        usesAnchors: true,
        usesMoves: true,
        usesSurrogate: true,
        usesRungs: true,
        usesNormState: false,
        usesGradientPick: false,
      },
      space: { baseLearningRate: { min: 1e-4, max: 1e-2 }, augmentation: ['NONE'], imageSizePx: [], batchSize: [] },
      objectives: ['TRAINED_PARAMETERS'],
      priors: 'OFF',
    },
    evaluation: { fitness: 'MACRO_ACCURACY', lossWeight: 0, seedCount: 3, division: 'FIXED' },
    baselines: ['FULL_FINE_TUNE', 'LINEAR_PROBE'],
    methods: {
      fullFineTuneTuned: { rates: [1e-2, 3e-3, 1e-3, 3e-4, 1e-4] },
      autoRgn: { batchCount: 5 },
      lora: { rank: 8, alpha: 16 },
      l2Sp: { alphas: [1, 0.1], beta: 0.01 },
      l1Sp: { alphas: [0.001], beta: 0.01 },
      layerDecay: { decay: 0.75 },
      suffixGrid: { rates: [3e-3, 1e-3, 3e-4] },
    },
    finals: { finalistCount: 3, seedCount: 3, division: 'FIXED', choice: 'BEST', usesSoup: false, retrains: false },
    budget: { gpuSecondsMax: 36_000, reserveForFinals: 0.15 },
    warmStartGenomes: [],
    warmStartCandidates: [{ job: `projects/vision/fineTuneJobs/${JOB_ID}`, lrMultipliers: [0, 1] }],
    priorCandidates: [{ job: `projects/vision/fineTuneJobs/${JOB_ID}`, lrMultipliers: [1, 0], distance: 0.5 }],
    parallelism: { parallelTrialCountMax: 1 },
    output: { model: 'flowers' },
  },
  state: 'RUNNING',
  done: false,
  conditions: [
    {
      type: 'Degraded',
      status: 'True',
      reason: 'StorageUnavailable',
      message: 'Object storage cannot be reached; try again later.',
      lastTransitionTime: '2026-01-31T08:00:00.000Z',
    },
  ],
  progress: {
    percent: 0,
    phase: 'SEARCHING',
    generation: 0,
    generationCount: 10,
    completedTrialCount: 0,
    runningTrialCount: 1,
    trialCount: 70,
  },
  best: { trial: TRIAL_ID, generation: 0, genome, lrMultipliers: [0, 2], fitness: 0.25 },
  createTime: TIME,
  updateTime: TIME,
};

export const estimate: JobEstimate = {
  methods: [
    {
      method: 'BIOTUNE',
      trialCount: 140,
      cost: { trainingCount: 438, epochCount: 13_140, multiplyAccumulates: 1.5e15 },
      trainedParameterCount: 1.5e6,
      totalParameterCount: 3_383_818,
    },
  ],
  cost: { trainingCount: 438, epochCount: 13_140, multiplyAccumulates: 1.5e15 },
  resolution: {
    smallestDifference: 0.05,
    imageCount: 100,
    effectiveImageCount: 87.5,
    seedCount: 3,
    disagreement: 0.15,
    seedDeviation: 0.01,
    expectedGain: { median: 0.005, low: -0.002, high: 0.064 },
  },
  warnings: ['Two candidates must differ by 5.0 points.'],
};

export const trial: Trial = {
  name: `${job.name}/trials/${TRIAL_ID}`,
  id: TRIAL_ID,
  phase: 'SEARCH',
  generation: 0,
  slot: 0,
  origin: 'INITIAL',
  method: 'BIOTUNE',
  genome,
  lrMultipliers: [6.3, 0],
  settings: { alpha: 0.01, normTuning: { blocks: [0] } },
  fold: 0,
  state: 'SUCCEEDED',
  seedResults: [],
  cost: { trainingCount: 1, epochCount: 9, multiplyAccumulates: 1.5e12, trainSeconds: 4 },
  fitness: 0.25,
  createTime: TIME,
};

export const metricPoint: MetricPoint = { trial: TRIAL_ID, seed: 7, name: 'validationLoss', epoch: 0, value: 0.5 };

export const event: JobEvent = { seq: 1, type: 'JOB_CREATED', payload: { state: 'VALIDATING' }, time: TIME };

export const baseModel: BaseModel = {
  name: 'baseModels/efficientnet-lite0',
  id: 'efficientnet-lite0',
  displayName: 'EfficientNet-Lite0',
  architecture: 'efficientnet-lite0',
  inputSizePx: 224,
  inputSizePxMin: 32,
  mean: [127, 127, 127],
  std: [128, 128, 128],
  parameterCount: 4_652_008,
  sizeBytes: 18_608_032,
  sha256: SHA256,
  license: 'Apache-2.0',
  sourceUri: 'https://models.example/lite0',
  blocks: [
    {
      id: 'stem',
      index: 0,
      displayName: 'Stem',
      parameterNames: ['stem/kernel'],
      parameterCount: 864,
      hasBatchNorm: true,
    },
  ],
};

export const dataset: Dataset = {
  name: `projects/vision/datasets/${DATASET_ID}`,
  id: DATASET_ID,
  displayName: 'Flowers',
  latestVersion: {
    name: DATASET_VERSION,
    number: 1,
    sourceUri: 's3://photos/flowers',
    split: { trainFraction: 0.7, validationFraction: 0.15, testFraction: 0.15, seed: 0 },
    state: 'IMPORTING',
    imageCount: 0,
    sizeBytes: 0,
    classes: [],
    issues: [],
    createTime: TIME,
  },
  createTime: TIME,
};

export const modelVersion: ModelVersion = {
  name: 'projects/vision/models/flowers/versions/1',
  model: 'flowers',
  number: 1,
  state: 'READY',
  job: job.name,
  trial: trial.name,
  method: 'BIOTUNE',
  baseModel: baseModel.name,
  datasetVersion: DATASET_VERSION,
  testAccuracy: 0.9,
  testMacroAccuracy: 0.9,
  testMacroF1: 0.9,
  testCalibrationError: 0.1,
  storageUri: 's3://biotune/models/',
  files: [],
  createTime: TIME,
};

export const download: Download = {
  path: 'weights/model.safetensors',
  url: 'https://s3.example/signed',
  sha256: SHA256,
  sizeBytes: 10,
  expireTime: TIME,
};
