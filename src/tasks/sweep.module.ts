import { Module } from '@nestjs/common';
import { BucketOwnership } from './bucket-ownership.js';
import { Sweep } from './sweep.js';
import { SweepBlobs } from './sweep-blobs.js';

/** A sweep of rows and objects, by whomever it is run; needs `ConfigModule` and `StorageModule`. */
@Module({ providers: [SweepBlobs, BucketOwnership, Sweep], exports: [Sweep, BucketOwnership] })
export class SweepModule {}
