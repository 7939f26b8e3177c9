import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { DomainError } from '../domain/errors.js';
import type { Page, PageRequest } from '../domain/page.js';
import { TRIAL_PHASES, type MetricPoint, type Trial } from '../domain/trial.js';
import { FineTuneJobRepository } from '../storage/postgres/fine-tune-job.repository.js';
import type { TrialEntity } from '../storage/postgres/trial.entities.js';
import { seedResult, TrialRepository, type Training } from '../storage/postgres/trial.repository.js';
import { readPageToken, writePageToken } from './page-token.js';

const placeSchema = z.strictObject({
  phase: z.enum(TRIAL_PHASES),
  generation: z.int32().min(0),
  slot: z.int32().min(0),
});

const trialName = (project: string, jobId: string, id: string) =>
  `projects/${project}/fineTuneJobs/${jobId}/trials/${id}`;

function toTrial(project: string, entity: TrialEntity, trainings: readonly Training[]): Trial {
  const { jobId, genes, threshold, fold, infeasibleReason, fitness, createTime, endTime, ...rest } = entity;
  const mine = trainings.filter(({ trialId }) => trialId === entity.id);
  return {
    ...rest,
    name: trialName(project, jobId, entity.id),
    ...(genes === undefined || threshold === undefined ? {} : { genome: { genes, threshold } }),
    ...(fold === undefined ? {} : { fold }),
    ...(infeasibleReason === undefined ? {} : { infeasibleReason }),
    ...(fitness === undefined ? {} : { fitness }),
    seedResults: mine.flatMap((training) => seedResult(training) ?? []),
    createTime: createTime.toISOString(),
    ...(endTime === undefined ? {} : { endTime: endTime.toISOString() }),
  };
}

/** What a job has tried, with what came of it. */
@Injectable()
export class TrialService {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
  ) {}

  /** The search's trials by generation and slot, then the finals. */
  async list(project: string, jobId: string, page: PageRequest): Promise<Page<Trial>> {
    await this.checkJob(project, jobId);
    const after = readPageToken(placeSchema, page.pageToken);
    const entities = await this.trials.page(jobId, page.pageSize, after);
    const trainings = await this.trials.trainings(entities.map(({ id }) => id));
    const items = entities.map((entity) => toTrial(project, entity, trainings));
    const last = entities.at(-1);
    if (last === undefined || entities.length < page.pageSize) return { items };
    const { phase, generation, slot } = last;
    return { items, nextPageToken: writePageToken({ phase, generation, slot }) };
  }

  /** @throws {DomainError} JOB_NOT_FOUND or TRIAL_NOT_FOUND. */
  async get(project: string, jobId: string, trialId: string): Promise<Trial> {
    await this.checkJob(project, jobId);
    const entity = await this.trials.find(jobId, trialId);
    if (entity === undefined) {
      throw new DomainError('TRIAL_NOT_FOUND', `Job ${jobId} has no trial ${trialId}.`, { job: jobId, trial: trialId });
    }
    return toTrial(project, entity, await this.trials.trainings([trialId]));
  }

  async listMetricPoints(project: string, jobId: string, trialId: string): Promise<MetricPoint[]> {
    return this.trials.metricPoints(await this.get(project, jobId, trialId));
  }

  private async checkJob(project: string, jobId: string): Promise<void> {
    if ((await this.jobs.find(project, jobId)) !== undefined) return;
    throw new DomainError('JOB_NOT_FOUND', `There is no job ${jobId} in project ${project}.`, { job: jobId });
  }
}
