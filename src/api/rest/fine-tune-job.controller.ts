import { Body, Controller, Get, HttpCode, Param, Post, Query, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { type CreateFineTuneJob, createFineTuneJobSchema } from '../../domain/job/create-fine-tune-job.js';
import { type FineTuneJob, fineTuneJobSchema } from '../../domain/job/fine-tune-job.js';
import { type JobEstimate, jobEstimateSchema } from '../../domain/job/estimate.js';
import type { PageRequest } from '../../domain/page.js';
import { EstimateService } from '../../jobs/requests/estimate.service.js';
import { FineTuneJobService } from '../../jobs/requests/fine-tune-job.service.js';
import {
  type EventList,
  eventListSchema,
  type FineTuneJobList,
  fineTuneJobListSchema,
  type JobRequest,
  jobRequest,
} from '../contract/fine-tune-job.js';
import { type ProjectRequest, projectRequest } from '../contract/project.js';
import { Commands, Creates, Reads, TakesEmptyBody, TakesIdempotencyKey } from './documented.js';
import { IdempotencyKey } from './idempotency-key.js';
import { LocationInterceptor } from './location.interceptor.js';
import { emptyBody, pageQuery } from './params.js';

@ApiTags('Fine-tune jobs')
@Controller('v1/projects/:project/fineTuneJobs')
export class FineTuneJobController {
  constructor(
    private readonly jobs: FineTuneJobService,
    private readonly estimates: EstimateService,
  ) {}

  @Post()
  @Creates(fineTuneJobSchema, 'Starts a job; only baseModel and dataset are required.')
  @TakesIdempotencyKey()
  @UseInterceptors(LocationInterceptor)
  create(
    @Param({ schema: projectRequest }) { project }: ProjectRequest,
    @Body({ schema: createFineTuneJobSchema }) request: CreateFineTuneJob,
    @IdempotencyKey() idempotencyKey: string | undefined,
  ): Promise<FineTuneJob> {
    return this.jobs.create(project, request, idempotencyKey);
  }

  @Post('estimate')
  @HttpCode(200)
  @Commands(
    jobEstimateSchema,
    'What such a job would take with all its epochs, and which differences it can show; starts nothing.',
  )
  estimate(
    @Param({ schema: projectRequest }) { project }: ProjectRequest,
    @Body({ schema: createFineTuneJobSchema }) request: CreateFineTuneJob,
  ): Promise<JobEstimate> {
    return this.estimates.estimate(project, request);
  }

  @Get()
  @Reads(fineTuneJobListSchema, 'Jobs of the project, newest first.')
  async list(
    @Param({ schema: projectRequest }) { project }: ProjectRequest,
    @Query({ schema: pageQuery }) page: PageRequest,
  ): Promise<FineTuneJobList> {
    const { items: fineTuneJobs, nextPageToken } = await this.jobs.list(project, page);
    return { fineTuneJobs, nextPageToken };
  }

  @Get(':job')
  @Reads(fineTuneJobSchema, 'One job, with its progress and result.')
  get(@Param({ schema: jobRequest }) { project, job }: JobRequest): Promise<FineTuneJob> {
    return this.jobs.get(project, job);
  }

  @Post(':job/cancel')
  @HttpCode(200)
  @TakesEmptyBody()
  @Commands(fineTuneJobSchema, 'Asks a job to stop; a job that has ended is answered unchanged.')
  cancel(
    @Param({ schema: jobRequest }) { project, job }: JobRequest,
    @Body({ schema: emptyBody }) _body: undefined,
  ): Promise<FineTuneJob> {
    return this.jobs.cancel(project, job);
  }

  @Post(':job/pause')
  @HttpCode(200)
  @TakesEmptyBody()
  @Commands(fineTuneJobSchema, 'Leases no more of a job, and takes back what runs; a paused job is answered unchanged.')
  pause(
    @Param({ schema: jobRequest }) { project, job }: JobRequest,
    @Body({ schema: emptyBody }) _body: undefined,
  ): Promise<FineTuneJob> {
    return this.jobs.pause(project, job);
  }

  @Post(':job/resume')
  @HttpCode(200)
  @TakesEmptyBody()
  @Commands(fineTuneJobSchema, 'Goes on with a paused job; one that is queued or running is answered unchanged.')
  resume(
    @Param({ schema: jobRequest }) { project, job }: JobRequest,
    @Body({ schema: emptyBody }) _body: undefined,
  ): Promise<FineTuneJob> {
    return this.jobs.resume(project, job);
  }

  @Get(':job/events')
  @Reads(eventListSchema, 'What happened to a job, oldest first.')
  async listEvents(
    @Param({ schema: jobRequest }) { project, job }: JobRequest,
    @Query({ schema: pageQuery }) page: PageRequest,
  ): Promise<EventList> {
    const { items: events, nextPageToken } = await this.jobs.listEvents(project, job, page);
    return { events, nextPageToken };
  }
}
