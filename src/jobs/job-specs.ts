import { randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type JobDefaultsConfig } from '../config/config.js';
import type { BaseModel } from '../domain/base-model.js';
import type { DatasetVersion } from '../domain/dataset/dataset.js';
import { batchSizeOf, checkDatasetFits, epochsOfSteps, foldCountOf } from '../domain/dataset/dataset-folds.js';
import { DomainError } from '../domain/errors.js';
import type { CreateFineTuneJob } from '../domain/job/create-fine-tune-job.js';
import type { FineTuneJobSpec, FittedSpec } from '../domain/job/fine-tune-job.js';
import { EPOCH_COUNT_MAX } from '../domain/job/training-protocol.js';
import { SEARCH_MODES } from '../methods/search-modes.js';
import { type Genome, phenotypeRules } from '../domain/job/genome.js';
import { parseFineTuneJobName } from '../domain/resource-names.js';
import { FineTuneJobRepository } from '../storage/postgres/fine-tune-job.repository.js';
import { TrialRepository } from '../storage/postgres/trial.repository.js';
import { BaseModelService } from '../catalog/base-model.service.js';

/** Turns requests into what jobs run by. */
@Injectable()
export class JobSpecs {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
    private readonly baseModels: BaseModelService,
    @Inject(CONFIG) private readonly config: JobDefaultsConfig,
  ) {}

  /**
   * Fills in what a request leaves to the base model, to its mode or to chance, and the genomes of the jobs that it names.
   *
   * @param jobId Names the model where the request does not.
   * @throws {DomainError} INPUT_TOO_SMALL, FIELD_INVALID, or JOB_NOT_FOUND for what does not fit the base model or the project.
   */
  async fill(project: string, request: CreateFineTuneJob, jobId: string): Promise<FineTuneJobSpec> {
    const { baseModel, data, training, search, evaluation, baselines, methods, finals, budget, parallelism, output } =
      request;
    const model = await this.baseModels.get(baseModel);
    checkFits(request, model);
    const { searchFraction, imageSizePx = model.inputSizePx, augmentation } = data;
    const warmStartGenomes = await Promise.all(
      search.warmStartFrom.map((name, index) => this.bestGenome(project, name, model, index)),
    );
    return {
      baseModel,
      data: { searchFraction, imageSizePx, augmentation },
      training,
      search: { ...search, seed: search.seed ?? randomInt(2 ** 47) },
      evaluation,
      warmStartGenomes,
      baselines,
      methods,
      finals,
      budget,
      parallelism,
      reproducibility: request.reproducibility ?? this.config.REPRODUCIBILITY_DEFAULT,
      output: { model: output.model ?? jobId.replace('_', '-').toLowerCase() },
    };
  }

  private async bestGenome(project: string, name: string, model: BaseModel, index: number): Promise<Genome> {
    const refuse = (message: string) => {
      const violations = [{ pointer: `/search/warmStartFrom/${index}`, message }];
      return new DomainError('FIELD_INVALID', `search.warmStartFrom: ${message}.`, { job: name }, { violations });
    };
    const named = parseFineTuneJobName(name);
    const job = named?.project === project ? await this.jobs.find(project, named.job) : undefined;
    if (job === undefined) throw refuse(`there is no ${name} in project ${project}`);
    if (job.spec.baseModel !== model.name) {
      throw refuse(
        `${name} has base model ${job.spec.baseModel}; this job has ${model.name}, and genomes go by its blocks`,
      );
    }
    // What the job chose on all its data, not what was best on one slice.
    if (job.result?.genome !== undefined) return job.result.genome;
    const [best] = await this.trials.best([job.id]);
    if (best === undefined) {
      throw refuse(`${name} has no completed trial of a search yet: wait for one, or leave it out`);
    }
    if (best.genes === undefined || best.threshold === undefined) {
      throw refuse(`${name} was searched in mode ${job.spec.search.biotune.mode}, whose candidates are no genomes`);
    }
    return { genes: best.genes, threshold: best.threshold };
  }
}

/**
 * Fills in what a request leaves to its images: the batch size, and the epochs that make `stepCountMin` steps.
 *
 * @throws {DomainError} as `checkDatasetFits`, when no candidate could be trained on them.
 */
export function fitToDataset(spec: FineTuneJobSpec, dataset: Pick<DatasetVersion, 'name' | 'classes'>): FittedSpec {
  const foldCount = foldCountOf(spec.data);
  checkDatasetFits(dataset, { foldCount, batchSize: spec.training.batchSize });
  for (const batchSize of spec.search.space.batchSize) {
    checkDatasetFits(dataset, { foldCount, batchSize, batchSizeField: 'search.space.batchSize' });
  }
  const { defaults } = SEARCH_MODES[spec.search.biotune.mode];
  const { batchSize = batchSizeOf(dataset.classes, foldCount, defaults.batchSize), epochCount } = spec.training;
  const floor = epochsOfSteps(dataset.classes, foldCount, { stepCount: spec.training.stepCountMin, batchSize });
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
