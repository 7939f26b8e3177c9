import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { DomainError } from '../../domain/errors.js';
import { addCosts, type Cost, NO_COST } from '../../domain/job/cost.js';
import { METHODS } from '../../methods/method-table.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { trialName } from '../../domain/resource-names.js';
import {
  type MetricPoint,
  type SeedResult,
  type StoredTrial,
  type Trial,
  TRIAL_PHASES,
} from '../../domain/job/trial.js';
import { FineTuneJobRepository } from '../../storage/postgres/fine-tune-job.repository.js';
import type { Training } from '../../storage/postgres/training-parts.js';
import { seedResult, TrialRepository } from '../../storage/postgres/trial.repository.js';
import { pageOf, readPageToken } from './page.js';

const placeSchema = z.strictObject({
  phase: z.enum(TRIAL_PHASES),
  method: z.enum(METHODS),
  generation: z.int32().min(0),
  slot: z.int32().min(0),
});

const pointSchema = z.strictObject({ seed: z.int().min(0), epoch: z.int32().min(0), name: z.string() });

function toTrial(project: string, entity: StoredTrial, trainings: readonly Training[]): Trial {
  const { jobId, genes, threshold, settings, fold, infeasibleReason, pruning, fitness, ...others } = entity;
  const { createTime, endTime, reusedTrialId, retrainedTrialId, ...rest } = others;
  const results = trainings
    .filter(({ trialId }) => trialId === trainedId(entity))
    .flatMap((training) => seedResult(training) ?? []);
  const costs = results.map(costOf);
  return {
    ...rest,
    name: trialName(project, jobId, entity.id),
    ...(genes !== undefined && threshold !== undefined && { genome: { genes, threshold } }),
    ...(settings !== undefined && { settings }),
    ...(fold !== undefined && { fold }),
    ...(infeasibleReason !== undefined && { infeasibleReason }),
    ...(pruning !== undefined && { pruning }),
    ...(fitness !== undefined && { fitness }),
    seedResults: results,
    ...(reusedTrialId !== undefined && { reusedTrial: trialName(project, jobId, reusedTrialId) }),
    ...(retrainedTrialId !== undefined && { retrainedTrial: trialName(project, jobId, retrainedTrialId) }),
    cost: reusedTrialId === undefined ? costs.reduce(addCosts, NO_COST) : NO_COST,
    createTime: createTime.toISOString(),
    ...(endTime !== undefined && { endTime: endTime.toISOString() }),
  };
}

/** A soup, which has no best epoch, is no training. */
const costOf = ({ bestEpoch, epochCount, multiplyAccumulates, trainSeconds }: SeedResult): Cost => ({
  trainingCount: bestEpoch === undefined ? 0 : 1,
  epochCount,
  multiplyAccumulates,
  trainSeconds,
});

/** The trial whose trainings a trial's results are from. */
const trainedId = ({ id, reusedTrialId }: StoredTrial): string => reusedTrialId ?? id;

/** What a job has tried, with what came of it. */
@Injectable()
export class TrialService {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
  ) {}

  /** The search's trials by generation and slot, then its confirmations, those of the choice among the best, and the finals. */
  async list(project: string, jobId: string, page: PageRequest): Promise<Page<Trial>> {
    await this.checkJob(project, jobId);
    const after = readPageToken(placeSchema, page.pageToken);
    const entities = await this.trials.page(jobId, page.pageSize, after);
    const trainings = await this.trials.trainings(entities.map(trainedId));
    const items = entities.map((entity) => toTrial(project, entity, trainings));
    return pageOf(items, page.pageSize, (place) => placeSchema.strip().parse(items[place]));
  }

  /** @throws {DomainError} JOB_NOT_FOUND or TRIAL_NOT_FOUND. */
  async get(project: string, jobId: string, trialId: string): Promise<Trial> {
    const entity = await this.find(project, jobId, trialId);
    return toTrial(project, entity, await this.trials.trainings([trainedId(entity)]));
  }

  /** A page of the metric points of a trial, by seed, epoch and name. */
  async listMetricPoints(
    project: string,
    jobId: string,
    trialId: string,
    page: PageRequest,
  ): Promise<Page<MetricPoint>> {
    const entity = await this.find(project, jobId, trialId);
    const trial = { id: trainedId(entity), name: trialName(project, jobId, entity.id) };
    const points = await this.trials.metricPoints(trial, page.pageSize, readPageToken(pointSchema, page.pageToken));
    return pageOf(points, page.pageSize, (place) => pointSchema.strip().parse(points[place]));
  }

  private async find(project: string, jobId: string, trialId: string): Promise<StoredTrial> {
    await this.checkJob(project, jobId);
    const entity = await this.trials.find(jobId, trialId);
    if (entity !== undefined) return entity;
    throw new DomainError('TRIAL_NOT_FOUND', `Job ${jobId} has no trial ${trialId}.`, { job: jobId, trial: trialId });
  }

  private async checkJob(project: string, jobId: string): Promise<void> {
    if ((await this.jobs.find(project, jobId)) !== undefined) return;
    throw new DomainError('JOB_NOT_FOUND', `There is no job ${jobId} in project ${project}.`, { job: jobId });
  }
}
