import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { PageRequest } from '../../domain/page.js';
import { type Trial, trialSchema } from '../../domain/trial.js';
import { TrialService } from '../../jobs/trial.service.js';
import { type MetricPointList, metricPointListSchema, type TrialList, trialListSchema } from './answers.js';
import { Reads } from './documented.js';
import { type JobParams, jobParams, metricPageQuery, pageQuery, type TrialParams, trialParams } from './params.js';

@ApiTags('Trials')
@Controller('v1/projects/:project/fineTuneJobs/:job/trials')
export class TrialController {
  constructor(private readonly trials: TrialService) {}

  @Get()
  @Reads(trialListSchema, 'Trials with genomes and results, by phase, generation and slot.')
  async list(
    @Param({ schema: jobParams }) { project, job }: JobParams,
    @Query({ schema: pageQuery }) page: PageRequest,
  ): Promise<TrialList> {
    const { items: trials, nextPageToken } = await this.trials.list(project, job, page);
    return { trials, nextPageToken };
  }

  @Get(':trial')
  @Reads(trialSchema, 'One trial.')
  get(@Param({ schema: trialParams }) { project, job, trial }: TrialParams): Promise<Trial> {
    return this.trials.get(project, job, trial);
  }

  @Get(':trial/metrics')
  @Reads(metricPointListSchema, 'Per-epoch metrics of every training of one trial.')
  async listMetricPoints(
    @Param({ schema: trialParams }) { project, job, trial }: TrialParams,
    @Query({ schema: metricPageQuery }) page: PageRequest,
  ): Promise<MetricPointList> {
    const { items: metricPoints, nextPageToken } = await this.trials.listMetricPoints(project, job, trial, page);
    return { metricPoints, nextPageToken };
  }
}
