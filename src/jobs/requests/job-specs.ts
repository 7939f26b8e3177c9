import { randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type JobDefaultsConfig } from '../../config/config.js';
import type { BaseModel } from '../../domain/base-model.js';
import type { DatasetVersion } from '../../domain/dataset/dataset.js';
import { batchSizeOf, checkDatasetFits, epochsOfSteps, searchSlicesOf } from '../../domain/dataset/dataset-folds.js';
import { DomainError } from '../../domain/errors.js';
import type { CreateFineTuneJob } from '../../domain/job/create-fine-tune-job.js';
import type { FineTuneJobSpec, FittedSpec } from '../../domain/job/fine-tune-job.js';
import { EPOCH_COUNT_MAX } from '../../domain/job/training-protocol.js';
import { SEARCH_MODES } from '../../methods/search-modes.js';
import { phenotypeRules } from '../../domain/job/genome.js';
import { BaseModelService } from '../../catalog/base-model.service.js';
import { WarmStarts } from './warm-starts.js';

/** Turns requests into what jobs run by. */
@Injectable()
export class JobSpecs {
  constructor(
    private readonly warmStarts: WarmStarts,
    private readonly baseModels: BaseModelService,
    @Inject(CONFIG) private readonly config: JobDefaultsConfig,
  ) {}

  /**
   * Fills in what a request leaves to the base model, to its mode or to chance, and what the jobs that it names have found.
   *
   * @param jobId Names the model where the request does not.
   * @throws {DomainError} INPUT_TOO_SMALL or FIELD_INVALID for what does not fit the base model or the project.
   */
  async fill(project: string, request: CreateFineTuneJob, jobId: string): Promise<FineTuneJobSpec> {
    const { baseModel, data, training, search, evaluation, baselines, methods, finals, budget, parallelism, output } =
      request;
    const model = await this.baseModels.get(baseModel);
    checkFits(request, model);
    const { searchFraction, imageSizePx = model.inputSizePx, augmentation } = data;
    return {
      baseModel,
      data: { searchFraction, imageSizePx, augmentation },
      training,
      search: { ...search, seed: search.seed ?? randomInt(2 ** 47) },
      evaluation,
      ...(await this.warmStarts.of(project, search, model)),
      priorCandidates: [],
      baselines,
      methods,
      finals,
      budget,
      parallelism,
      reproducibility: request.reproducibility ?? this.config.REPRODUCIBILITY_DEFAULT,
      output: { model: output.model ?? jobId.replace('_', '-').toLowerCase() },
    };
  }
}

/**
 * Fills in what a request leaves to its images: the batch size, and the epochs that make `stepCountMin` steps.
 *
 * @throws {DomainError} as `checkDatasetFits`, when no candidate could be trained on them.
 */
export function fitToDataset(spec: FineTuneJobSpec, dataset: Pick<DatasetVersion, 'name' | 'classes'>): FittedSpec {
  const slices = searchSlicesOf(spec);
  checkDatasetFits(dataset, { ...slices, batchSize: spec.training.batchSize });
  for (const batchSize of spec.search.space.batchSize) {
    checkDatasetFits(dataset, { ...slices, batchSize, batchSizeField: 'search.space.batchSize' });
  }
  const { defaults } = SEARCH_MODES[spec.search.biotune.mode];
  const { batchSize = batchSizeOf(dataset.classes, slices, defaults.batchSize), epochCount } = spec.training;
  const floor = epochsOfSteps(dataset.classes, slices, { stepCount: spec.training.stepCountMin, batchSize });
  const raised = Math.max(epochCount, Math.min(floor, EPOCH_COUNT_MAX));
  const follow = (count: number): number => (count === epochCount ? raised : count);
  return {
    ...spec,
    training: {
      ...spec.training,
      batchSize,
      epochCount: raised,
      patienceEpochs: follow(spec.training.patienceEpochs),
      cosineEpochCount: follow(spec.training.cosineEpochCount),
    },
  };
}

function checkFits({ data, search }: CreateFineTuneJob, { id, inputSizePxMin, blocks }: BaseModel): void {
  const sizes = [
    { path: ['data', 'imageSizePx'], imageSizePx: data.imageSizePx },
    ...search.space.imageSizePx.map((imageSizePx, index) => ({
      path: ['search', 'space', 'imageSizePx', String(index)],
      imageSizePx,
    })),
  ];
  for (const { path, imageSizePx = inputSizePxMin } of sizes) {
    if (imageSizePx >= inputSizePxMin) continue;
    const message = `imageSizePx is ${imageSizePx}; ${id} needs at least ${inputSizePxMin}`;
    const metadata = { imageSizePx: String(imageSizePx), inputSizePxMin: String(inputSizePxMin) };
    throw new DomainError('INPUT_TOO_SMALL', `${message}.`, metadata, {
      violations: [{ pointer: `/${path.join('/')}`, message }],
    });
  }
  phenotypeRules(
    search.blockConstraints,
    blocks.map((block) => block.id),
    search.biotune.mode,
  );
  const misfit = search.initialGenomes.findIndex(({ genes }) => genes.length !== blocks.length);
  if (misfit < 0) return;
  const message = `a genome of ${id} has ${blocks.length} genes, one per block; this one has ${search.initialGenomes[misfit]?.genes.length}`;
  const violations = [{ pointer: `/search/initialGenomes/${misfit}/genes`, message }];
  throw new DomainError('FIELD_INVALID', `search.initialGenomes: ${message}.`, {}, { violations });
}
