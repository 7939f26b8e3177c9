import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import type { FineTuneJob } from '../../domain/job/fine-tune-job.js';
import type { JobEstimate } from '../../domain/job/estimate.js';
import { EstimateService } from '../../jobs/requests/estimate.service.js';
import { FineTuneJobService } from '../../jobs/requests/fine-tune-job.service.js';
import { TrialService } from '../../jobs/requests/trial.service.js';
import { type EventList, type FineTuneJobList, type JobRequest, jobRequest } from '../contract/fine-tune-job.js';
import type { MetricPointList, TrialList } from '../contract/trial.js';
import {
  type CreateFineTuneJobRequest,
  createFineTuneJobRequest,
  type EstimateFineTuneJobRequest,
  estimateFineTuneJobRequest,
  type JobListRequest,
  jobListRequest,
  type ListFineTuneJobsRequest,
  listFineTuneJobsRequest,
  type ListMetricPointsRequest,
  listMetricPointsRequest,
} from './requests.js';

/** `biotune.v1.FineTuneJobs` */
@Controller()
export class FineTuneJobsController {
  constructor(
    private readonly jobs: FineTuneJobService,
    private readonly estimates: EstimateService,
    private readonly trials: TrialService,
  ) {}

  @GrpcMethod('FineTuneJobs', 'CreateFineTuneJob')
  create(@Payload({ schema: createFineTuneJobRequest }) request: CreateFineTuneJobRequest): Promise<FineTuneJob> {
    return this.jobs.create(request.project, request.job, request.requestId);
  }

  @GrpcMethod('FineTuneJobs', 'EstimateFineTuneJob')
  estimate(
    @Payload({ schema: estimateFineTuneJobRequest }) { project, job }: EstimateFineTuneJobRequest,
  ): Promise<JobEstimate> {
    return this.estimates.estimate(project, job);
  }

  @GrpcMethod('FineTuneJobs', 'GetFineTuneJob')
  get(@Payload({ schema: jobRequest }) { project, job }: JobRequest): Promise<FineTuneJob> {
    return this.jobs.get(project, job);
  }

  @GrpcMethod('FineTuneJobs', 'ListFineTuneJobs')
  async list(
    @Payload({ schema: listFineTuneJobsRequest }) { project, ...page }: ListFineTuneJobsRequest,
  ): Promise<FineTuneJobList> {
    const { items: fineTuneJobs, nextPageToken } = await this.jobs.list(project, page);
    return { fineTuneJobs, nextPageToken };
  }

  @GrpcMethod('FineTuneJobs', 'CancelFineTuneJob')
  cancel(@Payload({ schema: jobRequest }) { project, job }: JobRequest): Promise<FineTuneJob> {
    return this.jobs.cancel(project, job);
  }

  @GrpcMethod('FineTuneJobs', 'PauseFineTuneJob')
  pause(@Payload({ schema: jobRequest }) { project, job }: JobRequest): Promise<FineTuneJob> {
    return this.jobs.pause(project, job);
  }

  @GrpcMethod('FineTuneJobs', 'ResumeFineTuneJob')
  resume(@Payload({ schema: jobRequest }) { project, job }: JobRequest): Promise<FineTuneJob> {
    return this.jobs.resume(project, job);
  }

  @GrpcMethod('FineTuneJobs', 'ListTrials')
  async listTrials(@Payload({ schema: jobListRequest }) { project, job, ...page }: JobListRequest): Promise<TrialList> {
    const { items: trials, nextPageToken } = await this.trials.list(project, job, page);
    return { trials, nextPageToken };
  }

  @GrpcMethod('FineTuneJobs', 'ListMetricPoints')
  async listMetricPoints(
    @Payload({ schema: listMetricPointsRequest }) { project, job, trial, ...page }: ListMetricPointsRequest,
  ): Promise<MetricPointList> {
    const { items: metricPoints, nextPageToken } = await this.trials.listMetricPoints(project, job, trial, page);
    return { metricPoints, nextPageToken };
  }

  @GrpcMethod('FineTuneJobs', 'ListEvents')
  async listEvents(@Payload({ schema: jobListRequest }) { project, job, ...page }: JobListRequest): Promise<EventList> {
    const { items: events, nextPageToken } = await this.jobs.listEvents(project, job, page);
    return { events, nextPageToken };
  }
}
