import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type SweepConfig } from '../config/config.js';
import { MODEL_VERSION_PREFIX, modelVersionOfKey, UPLOAD_PREFIX } from '../storage/object-keys.js';
import { ModelVersionRepository } from '../storage/postgres/model-version.repository.js';
import { SweepRepository, type SweptRows } from '../storage/postgres/sweep.repository.js';
import { StoredObjects, type StoredObject } from '../storage/stored-objects.js';
import { BucketOwnership } from './bucket-ownership.js';
import { SweepBlobs } from './sweep-blobs.js';
import type { Swept } from './swept.js';

const HOUR_SECONDS = 60 * 60;
const DAY_SECONDS = 24 * HOUR_SECONDS;
/** A worker confirms an upload within minutes; what lies longer is of a crash. */
const UPLOAD_AGE_SECONDS = DAY_SECONDS;
const IDEMPOTENCY_KEY_AGE_SECONDS = DAY_SECONDS;

/** One look at all rows and objects that have served their time. Safe beside other sweeps and all writers. */
@Injectable()
export class Sweep {
  /** A blob that no row names goes when it is older; so do the weights of a failed job after its end. */
  private readonly blobAgeSeconds: number;
  /** Curves of trainings go so long after the end of their job. */
  private readonly metricsAgeSeconds: number;

  constructor(
    private readonly rows: SweepRepository,
    private readonly objects: StoredObjects,
    private readonly versions: ModelVersionRepository,
    private readonly blobs: SweepBlobs,
    private readonly ownership: BucketOwnership,
    @Inject(CONFIG) ages: Pick<SweepConfig, 'SWEEP_BLOB_AGE_HOURS' | 'SWEEP_METRICS_AGE_DAYS'>,
  ) {
    this.blobAgeSeconds = ages.SWEEP_BLOB_AGE_HOURS * HOUR_SECONDS;
    this.metricsAgeSeconds = ages.SWEEP_METRICS_AGE_DAYS * DAY_SECONDS;
  }

  /**
   * Deletes, and yields each thing after it is gone; whoever stops listening stops the sweep.
   *
   * @param isDryRun Yields what would be deleted, and deletes nothing.
   * @throws {Error} when the bucket is not this database's alone; rows are swept before that.
   */
  async *run(isDryRun: boolean): AsyncGenerator<Swept> {
    const { blobAgeSeconds, metricsAgeSeconds } = this;
    yield* counted('IDEMPOTENCY_KEYS', this.rows.sweepAged('IDEMPOTENCY_KEYS', IDEMPOTENCY_KEY_AGE_SECONDS, isDryRun));
    yield* counted('METRICS_OF_LOST_LEASES', this.rows.sweepMetrics('METRICS_OF_LOST_LEASES', 0, isDryRun));
    yield* counted(
      'METRICS_OF_ENDED_JOBS',
      this.rows.sweepMetrics('METRICS_OF_ENDED_JOBS', metricsAgeSeconds, isDryRun),
    );
    if (!(await this.takesObjects())) return;
    yield* this.uploads(isDryRun);
    yield* this.unfinishedUploads(isDryRun);
    yield* this.blobs.run(isDryRun, blobAgeSeconds);
    yield* this.modelFiles(isDryRun);
    yield* counted('BLOB_CLAIMS', this.rows.sweepAged('BLOB_CLAIMS', blobAgeSeconds, isDryRun));
  }

  /** False while the bucket is not known for long enough to be this database's alone: then only rows are swept. */
  takesObjects(): Promise<boolean> {
    return this.ownership.isSettled(this.blobAgeSeconds);
  }

  private async *uploads(isDryRun: boolean): AsyncGenerator<Swept> {
    const before = await this.rows.before(UPLOAD_AGE_SECONDS);
    for await (const page of this.objects.pages(UPLOAD_PREFIX)) {
      const old = page.filter(({ lastModified }) => lastModified < before);
      if (!isDryRun) await this.objects.remove(old.map(({ key }) => key));
      for (const { key, sizeBytes } of old) yield { kind: 'UPLOAD', key, sizeBytes };
    }
  }

  private async *unfinishedUploads(isDryRun: boolean): AsyncGenerator<Swept> {
    const before = await this.rows.before(UPLOAD_AGE_SECONDS);
    for (const upload of await this.objects.unfinishedUploads()) {
      if (upload.initiated >= before) continue;
      if (!isDryRun) await this.objects.abort(upload);
      yield { kind: 'UNFINISHED_UPLOAD', key: upload.key, uploadId: upload.uploadId };
    }
  }

  /** Files in folders of model versions that do not exist: their job failed while it was publishing. */
  private async *modelFiles(isDryRun: boolean): AsyncGenerator<Swept> {
    const before = await this.rows.before(this.blobAgeSeconds);
    for await (const page of this.objects.pages(MODEL_VERSION_PREFIX)) {
      for (const files of byFolder(page.filter(({ lastModified }) => lastModified < before)).values()) {
        if (await this.removeModelFiles(files, isDryRun)) {
          for (const { key, sizeBytes } of files) yield { kind: 'MODEL_FILE', key, sizeBytes };
        }
      }
    }
  }

  private async removeModelFiles(files: readonly StoredObject[], isDryRun: boolean): Promise<boolean> {
    const keys = files.map(({ key }) => key);
    const version = modelVersionOfKey(keys[0] ?? '');
    if (version === undefined) return false;
    return this.versions.withoutVersion(version, () => (isDryRun ? Promise.resolve() : this.objects.remove(keys)));
  }
}

async function* counted(kind: SweptRows, swept: Promise<number>): AsyncGenerator<Swept> {
  const count = await swept;
  if (count > 0) yield { kind, count };
}

/** The files by folder of a model version: `projects/{project}/models/{model}/{number}`. */
function byFolder(files: readonly StoredObject[]): ReadonlyMap<string, readonly StoredObject[]> {
  const folders = new Map<string, StoredObject[]>();
  for (const file of files) {
    const folder = file.key.split('/', 5).join('/');
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return folders;
}
