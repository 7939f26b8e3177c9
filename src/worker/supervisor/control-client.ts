import type { Artifact } from '../../domain/artifact.js';
import type { TaskOutcome } from '../../domain/task.js';
import type { MetricValue } from '../../wire/biotune/v1/worker.js';
import {
  fencedAnswerSchema,
  type HeartbeatAnswer,
  heartbeatAnswerSchema,
  type LeaseTaskAnswer,
  leaseTaskAnswerSchema,
  type SourcePage,
  sourcePageSchema,
  type TransferUrls,
  transferUrlsSchema,
} from './control-answers.js';
import { ControlChannel, type ControlSettings } from './control-channel.js';

/** The right to work on a task; the fence makes a stale one harmless. */
export interface Lease {
  readonly task: string;
  readonly fence: number;
}

/** The coordinator does not know the lease any more: whatever was being done must stop, unreported. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** The coordinator reads an upload at 10 MB/s or more, and is given half a minute besides. */
const CONFIRM_BYTES_PER_MS = 10_000;
const CONFIRM_MS_MIN = 30_000;

/** The longest time that a worker which is to shut down tries to hand its task back. */
const RELEASE_MS_MAX = 10_000;

const NEVER = new AbortController().signal;

/**
 * The requests and reports of a worker to the coordinator. Calls about a task throw LeaseLostError when its fence is
 * old.
 */
export class ControlClient {
  private readonly channel: ControlChannel;

  constructor(settings: ControlSettings) {
    this.channel = new ControlChannel(settings);
  }

  /**
   * The next task of the token's scope, if there is one.
   *
   * @param shutdown Ends the repeats, not a call that is under way.
   */
  async leaseTask(workerId: string, shutdown: AbortSignal): Promise<LeaseTaskAnswer> {
    const call = { method: 'LeaseTask', request: { workerId }, answer: leaseTaskAnswerSchema };
    return this.renewed(await this.channel.call({ ...call, signal: NEVER, repeatUntil: shutdown }));
  }

  /** One try: the caller beats again anyway, and must know when none got through. */
  async heartbeat(lease: Lease, signal: AbortSignal, deadlineMs: number): Promise<HeartbeatAnswer> {
    const answer = heartbeatAnswerSchema;
    const call = { method: 'Heartbeat', request: lease, answer, signal, deadlineMs };
    return this.renewed(await this.channel.callOnce(call));
  }

  /** A page of the objects below the prefix of an import task. */
  async listSourceObjects(lease: Lease, pageToken: string | undefined, signal: AbortSignal): Promise<SourcePage> {
    const request = { ...lease, ...(pageToken !== undefined && { pageToken }) };
    const call = { method: 'ListSourceObjects', request, answer: sourcePageSchema, signal };
    return current(lease, await this.channel.call(call));
  }

  /** A link to read an artifact that the task's spec names. */
  async downloadUrl(lease: Lease, artifact: Artifact, signal: AbortSignal): Promise<string> {
    const { downloadUrls } = await this.transferUrls({ ...lease, downloads: [artifact] }, lease, signal);
    return only(downloadUrls);
  }

  /** A link to write an artifact; empty when its bytes are stored already. */
  async uploadUrl(lease: Lease, artifact: Artifact, signal: AbortSignal): Promise<string> {
    const { uploadUrls } = await this.transferUrls({ ...lease, uploads: [artifact] }, lease, signal);
    return only(uploadUrls);
  }

  /** Links to read objects of an import, in the order of the keys. */
  async sourceUrls(lease: Lease, sourceKeys: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    return (await this.transferUrls({ ...lease, sourceKeys }, lease, signal)).sourceUrls;
  }

  /** Says that an upload is whole; it is read through before this is answered. */
  async confirmUpload(lease: Lease, artifact: Artifact, signal: AbortSignal): Promise<void> {
    const deadlineMs = CONFIRM_MS_MIN + artifact.sizeBytes / CONFIRM_BYTES_PER_MS;
    const request = { ...lease, artifact };
    const call = { method: 'ConfirmUpload', request, answer: fencedAnswerSchema, signal, deadlineMs };
    current(lease, await this.channel.call(call));
  }

  /** Adds values to the training's curve; repeats change nothing. */
  async reportMetrics(lease: Lease, values: readonly MetricValue[], signal: AbortSignal): Promise<void> {
    await this.report('ReportMetrics', lease, { values }, signal);
  }

  /** Ends the attempt; a repeat is answered like the first. */
  async completeTask(lease: Lease, outcome: TaskOutcome, signal: AbortSignal): Promise<void> {
    await this.report('CompleteTask', lease, { outcome }, signal);
  }

  /** Gives the task back untouched; gives up after a while, when the lease's end does the same. */
  async releaseTask(lease: Lease, reason: 'CANCELLED' | 'PREEMPTED'): Promise<void> {
    await this.report('ReleaseTask', lease, { reason }, AbortSignal.timeout(RELEASE_MS_MAX));
  }

  close(): void {
    this.channel.close();
  }

  /** Goes on with the token that an answer brings, if it does. */
  private renewed<A extends { readonly workerToken?: string | undefined }>(answer: A): A {
    if (answer.workerToken !== undefined) this.channel.useToken(answer.workerToken);
    return answer;
  }

  private async report(method: string, lease: Lease, content: object, signal: AbortSignal): Promise<void> {
    const request = { ...lease, ...content };
    current(lease, await this.channel.call({ method, request, answer: fencedAnswerSchema, signal }));
  }

  private async transferUrls(request: object, lease: Lease, signal: AbortSignal): Promise<TransferUrls> {
    const call = { method: 'GetTransferUrls', request, answer: transferUrlsSchema, signal };
    return current(lease, await this.channel.call(call));
  }
}

function current<A extends { readonly leaseLost: boolean }>(lease: Lease, answer: A): A {
  if (answer.leaseLost) throw new LeaseLostError(`the lease of task ${lease.task} is lost (fence ${lease.fence})`);
  return answer;
}

function only(urls: readonly string[]): string {
  const [url] = urls;
  if (url === undefined || urls.length !== 1) throw new Error(`expected 1 transfer url, got ${urls.length}`);
  return url;
}
