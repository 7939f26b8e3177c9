import { Injectable } from '@nestjs/common';
import type { CreateDataset, Dataset, SplitConfig } from '../domain/dataset/dataset.js';
import type { S3Location } from '../domain/dataset/dataset-reference.js';
import { DomainError } from '../domain/errors.js';
import { DatasetRepository, importScope } from '../storage/postgres/dataset.repository.js';
import { LeadershipRepository } from '../storage/postgres/leadership.repository.js';
import type { Transaction } from '../storage/postgres/transaction.js';
import { Transactions } from '../storage/postgres/transactions.js';
import { SourceBuckets } from '../storage/source-buckets.js';

/** Datasets of a project. */
@Injectable()
export class DatasetService {
  constructor(
    private readonly datasets: DatasetRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly sources: SourceBuckets,
    private readonly transactions: Transactions,
  ) {}

  /** Registers a dataset; a coordinator then imports its version 1. */
  async create(project: string, request: CreateDataset): Promise<Dataset> {
    await this.checkSource(request.sourceUri);
    const id = await this.transactions.run((transaction) =>
      this.register(transaction, project, request.sourceUri.uri, request.split, request.displayName),
    );
    return this.get(project, id);
  }

  /** Inserts a dataset and hands its import to the coordinators, within the caller's transaction. @returns its id. */
  async register(
    transaction: Transaction,
    project: string,
    sourceUri: string,
    split: SplitConfig,
    displayName = sourceUri.slice(0, 128),
  ): Promise<string> {
    const id = await this.datasets.insert(transaction, project, { displayName, sourceUri, split });
    await this.leaderships.open(transaction, importScope(id, 1));
    return id;
  }

  /** @throws {DomainError} DATASET_NOT_FOUND, also for a dataset of another project. */
  async get(project: string, id: string): Promise<Dataset> {
    const dataset = await this.datasets.find(project, id);
    if (dataset !== undefined) return dataset;
    throw new DomainError('DATASET_NOT_FOUND', `There is no dataset ${id} in project ${project}.`, { dataset: id });
  }

  /**
   * Glances at a prefix, so that a typing error is answered at once and not by a failed job. What a glance cannot see, the
   * import will.
   *
   * @throws {DomainError} DATASET_UNREACHABLE, DATASET_EMPTY, NEEDS_TWO_CLASSES or STORAGE_UNAVAILABLE.
   */
  async checkSource({ bucket, prefix, uri: sourceUri }: S3Location): Promise<void> {
    this.sources.checkIsForeign(bucket);
    const { folders, entryCount, isWhole } = await this.sources.glance(bucket, prefix);
    if (folders.length >= 2 || !isWhole) return;
    const layout = `expected one folder of images per class, as ${sourceUri.replace(/\/+$/, '')}/<class>/<image>`;
    if (entryCount === 0) {
      throw new DomainError('DATASET_EMPTY', `Nothing lies below ${sourceUri}; ${layout}.`, { sourceUri });
    }
    const found = folders.length === 0 ? 'no folders' : `only the folder ${folders[0] ?? ''}`;
    throw new DomainError('NEEDS_TWO_CLASSES', `${sourceUri} holds ${found}; ${layout}, with at least 2 classes.`, {
      sourceUri,
      classCount: String(folders.length),
    });
  }
}
