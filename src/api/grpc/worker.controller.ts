import { Controller, UseGuards } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { WorkerTaskService } from '../../tasks/worker-task.service.js';
import { CallerIsGone, type IsGone } from './caller-is-gone.js';
import {
  type CompleteTaskRequest,
  completeTaskRequest,
  type ConfirmUploadRequest,
  confirmUploadRequest,
  type LeaseRequest,
  leaseRequest,
  type LeaseTaskRequest,
  leaseTaskRequest,
  type ListSourceObjectsRequest,
  listSourceObjectsRequest,
  type ReleaseTaskRequest,
  releaseTaskRequest,
  type ReportMetricsRequest,
  reportMetricsRequest,
  type TransferUrlsRequest,
  transferUrlsRequest,
} from './worker-requests.js';
import { TokenRenewal, WorkerScope, WorkerTokenGuard } from './worker-token.guard.js';

const leaseOf = (scope: string, { task, fence }: LeaseRequest) => ({ scope, taskId: task, fence });

/** `biotune.v1.WorkerService`: what workers ask of the coordinator, each within the scope of its token. */
@Controller()
@UseGuards(WorkerTokenGuard)
export class WorkerController {
  constructor(private readonly tasks: WorkerTaskService) {}

  @GrpcMethod('WorkerService', 'LeaseTask')
  async lease(
    @WorkerScope() scope: string,
    @TokenRenewal() renewal: TokenRenewal,
    @Payload({ schema: leaseTaskRequest }) { workerId }: LeaseTaskRequest,
    @CallerIsGone() isGone: IsGone,
  ) {
    const answer = await this.tasks.lease(scope, workerId);
    // Nobody would work on it until the lease ends, and that would count as a fault.
    if (answer.task !== undefined && isGone()) {
      await this.tasks.release({ scope, taskId: answer.task.id, fence: answer.task.fence });
    }
    return { ...answer, ...renewal };
  }

  @GrpcMethod('WorkerService', 'Heartbeat')
  async heartbeat(
    @WorkerScope() scope: string,
    @TokenRenewal() renewal: TokenRenewal,
    @Payload({ schema: leaseRequest }) request: LeaseRequest,
  ) {
    return { ...(await this.tasks.heartbeat(leaseOf(scope, request))), ...renewal };
  }

  @GrpcMethod('WorkerService', 'ListSourceObjects')
  listSourceObjects(
    @WorkerScope() scope: string,
    @Payload({ schema: listSourceObjectsRequest }) request: ListSourceObjectsRequest,
  ) {
    return this.tasks.listSourceObjects(leaseOf(scope, request), request.pageToken);
  }

  @GrpcMethod('WorkerService', 'GetTransferUrls')
  transferUrls(@WorkerScope() scope: string, @Payload({ schema: transferUrlsRequest }) request: TransferUrlsRequest) {
    return this.tasks.transferUrls(leaseOf(scope, request), request);
  }

  @GrpcMethod('WorkerService', 'ConfirmUpload')
  confirmUpload(
    @WorkerScope() scope: string,
    @Payload({ schema: confirmUploadRequest }) request: ConfirmUploadRequest,
  ) {
    return this.tasks.confirmUpload(leaseOf(scope, request), request.artifact);
  }

  @GrpcMethod('WorkerService', 'ReportMetrics')
  reportMetrics(
    @WorkerScope() scope: string,
    @Payload({ schema: reportMetricsRequest }) request: ReportMetricsRequest,
  ) {
    return this.tasks.reportMetrics(leaseOf(scope, request), request.values);
  }

  @GrpcMethod('WorkerService', 'CompleteTask')
  complete(@WorkerScope() scope: string, @Payload({ schema: completeTaskRequest }) request: CompleteTaskRequest) {
    return this.tasks.complete(leaseOf(scope, request), request.outcome);
  }

  @GrpcMethod('WorkerService', 'ReleaseTask')
  release(@WorkerScope() scope: string, @Payload({ schema: releaseTaskRequest }) request: ReleaseTaskRequest) {
    return this.tasks.release(leaseOf(scope, request));
  }
}
