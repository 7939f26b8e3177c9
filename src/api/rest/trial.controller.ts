import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { PageRequest } from '../../domain/page.js';
import { type Trial, trialSchema } from '../../domain/job/trial.js';
import { TrialService } from '../../jobs/requests/trial.service.js';
import { type JobRequest, jobRequest } from '../contract/fine-tune-job.js';
import {
  type MetricPointList,
  metricPointListSchema,
  type TrialList,
  trialListSchema,
  type TrialRequest,
  trialRequest,
} from '../contract/trial.js';
import { Reads } from './documented.js';
import { metricPageQuery, pageQuery } from './params.js';

@ApiTags('Trials')
@Controller('v1/projects/:project/fineTuneJobs/:job/trials')
export class TrialController {
  constructor(private readonly trials: TrialService) {}

  @Get()
  @Reads(trialListSchema, 'Trials with genomes and results, by phase, generation and slot.')
  async list(
    @Param({ schema: jobRequest }) { project, job }: JobRequest,
    @Query({ schema: pageQuery }) page: PageRequest,
  ): Promise<TrialList> {
    const { items: trials, nextPageToken } = await this.trials.list(project, job, page);
    return { trials, nextPageToken };
  }

  @Get(':trial')
  @Reads(trialSchema, 'One trial.')
  get(@Param({ schema: trialRequest }) { project, job, trial }: TrialRequest): Promise<Trial> {
    return this.trials.get(project, job, trial);
  }

  @Get(':trial/metrics')
  @Reads(metricPointListSchema, 'Per-epoch metrics of every training of one trial.')
  async listMetricPoints(
    @Param({ schema: trialRequest }) { project, job, trial }: TrialRequest,
    @Query({ schema: metricPageQuery }) page: PageRequest,
  ): Promise<MetricPointList> {
    const { items: metricPoints, nextPageToken } = await this.trials.listMetricPoints(project, job, trial, page);
    return { metricPoints, nextPageToken };
  }
}
