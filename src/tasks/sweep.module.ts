import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import type { SweepConfig } from '../config/config.js';
import { ModelVersionRepository } from '../storage/postgres/model-version.repository.js';
import { SweepRepository } from '../storage/postgres/sweep.repository.js';
import { StoredObjects } from '../storage/stored-objects.js';
import { BucketOwnership } from './bucket-ownership.js';
import { Sweep } from './sweep.js';
import { SweepBlobs } from './sweep-blobs.js';

type Ages = Pick<SweepConfig, 'SWEEP_BLOB_AGE_HOURS' | 'SWEEP_METRICS_AGE_DAYS'>;

const HOUR_SECONDS = 60 * 60;

/** A sweep of rows and objects, by whomever it is run; needs `StorageModule`. */
@Module({})
export class SweepModule {
  /** @param imports `StorageModule`, where it is not there already. */
  static forRoot(ages: Ages, imports: NonNullable<ModuleMetadata['imports']> = []): DynamicModule {
    const settings = {
      blobAgeSeconds: ages.SWEEP_BLOB_AGE_HOURS * HOUR_SECONDS,
      metricsAgeSeconds: ages.SWEEP_METRICS_AGE_DAYS * 24 * HOUR_SECONDS,
    };
    return {
      module: SweepModule,
      imports,
      providers: [
        SweepBlobs,
        BucketOwnership,
        {
          provide: Sweep,
          inject: [SweepRepository, StoredObjects, ModelVersionRepository, SweepBlobs, BucketOwnership],
          useFactory: (
            rows: SweepRepository,
            objects: StoredObjects,
            versions: ModelVersionRepository,
            blobs: SweepBlobs,
            ownership: BucketOwnership,
          ) => new Sweep(rows, objects, versions, blobs, ownership, settings),
        },
      ],
      exports: [Sweep, BucketOwnership],
    };
  }
}
