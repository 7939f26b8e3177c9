import { Injectable } from '@nestjs/common';
import type { StoredDatasetVersion } from '../../domain/dataset/dataset.js';
import { parseS3Uri } from '../../domain/dataset/dataset-reference.js';
import type { Failure } from '../../domain/errors.js';
import { DatasetRepository, parseImportScope } from '../../storage/postgres/dataset.repository.js';
import { LeadershipRepository, type Leadership } from '../../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Transaction } from '../../storage/postgres/transaction.js';
import { type Advance, ScopeWatch } from './scope-watch.js';

/** Moves the import of one dataset version forward by one step; may be repeated like a job's. */
@Injectable()
export class ImportRunner {
  constructor(
    private readonly datasets: DatasetRepository,
    private readonly tasks: TaskRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly watch: ScopeWatch,
  ) {}

  advance(leadership: Leadership): Promise<Advance> {
    return this.watch.advance(leadership, async () => ({
      advance: await this.step(leadership),
      restsUntilMs: Infinity,
    }));
  }

  private async step(leadership: Leadership): Promise<Advance> {
    const { scope } = leadership;
    const place = parseImportScope(scope);
    const version = place === undefined ? undefined : await this.datasets.findVersion(place.datasetId, place.number);
    if (version === undefined) throw new Error(`no dataset version ${scope}`);
    if (version.state !== 'IMPORTING') return { next: 'ENDED' };
    const [task] = await this.tasks.listByKeyPrefix(scope, 'import');
    if (task === undefined) {
      await this.leaderships.fenced(leadership, (transaction) => this.insertTask(transaction, scope, version));
    } else if (task.state === 'succeeded' && task.result !== undefined && 'import' in task.result) {
      const result = task.result.import;
      await this.leaderships.fenced(leadership, async (transaction) => {
        await this.datasets.activate(transaction, version.datasetId, version.number, result);
        await this.leaderships.close(transaction, scope);
      });
      return { next: 'ENDED' };
    } else if (task.state === 'infeasible') {
      await this.reject(leadership, version, task.failure);
      return { next: 'ENDED' };
    }
    return { next: 'WORK', workerCount: 1 };
  }

  private insertTask(
    transaction: Transaction,
    scope: string,
    { sourceUri, split }: StoredDatasetVersion,
  ): Promise<void> {
    const { prefix } = parseS3Uri(sourceUri);
    return this.tasks.insert(transaction, [{ scope, key: 'import', spec: { import: { prefix, split } } }]);
  }

  private async reject(
    leadership: Leadership,
    version: StoredDatasetVersion,
    failure: Failure | undefined,
  ): Promise<void> {
    const error = failure ?? { reason: 'INTERNAL', message: 'The import ended without a report.', metadata: {} };
    await this.leaderships.fenced(leadership, async (transaction) => {
      await this.datasets.reject(transaction, version.datasetId, version.number, error);
      await this.leaderships.close(transaction, leadership.scope);
    });
  }
}
