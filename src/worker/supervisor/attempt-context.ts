import type { Logger } from '../../observability/logger.js';
import type { ArtifactCache } from './artifact-cache.js';
import type { ControlClient, Lease } from './control-client.js';
import type { SplitFiles } from './split-files.js';
import type { TrainerChild } from './trainer-child.js';
import type { Transfers } from './transfers.js';

/** What a task of any kind works with, for one attempt. */
export interface AttemptContext {
  readonly control: ControlClient;
  readonly lease: Lease;
  readonly transfers: Transfers;
  readonly cache: ArtifactCache;
  readonly splitFiles: SplitFiles;
  readonly trainer: TrainerChild;
  /** Fires with a StopReason when the attempt must end without an outcome. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}
