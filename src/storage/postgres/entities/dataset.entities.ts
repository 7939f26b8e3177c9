import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import {
  type Dataset,
  DATASET_VERSION_STATES,
  type DatasetClass,
  type DatasetIssue,
  type DatasetVersion,
  type Shard,
  type SplitConfig,
  type StoredDatasetVersion,
} from '../../../domain/dataset/dataset.js';
import type { Failure } from '../../../domain/errors.js';
import type { Artifact } from '../../../domain/artifact.js';
import { absent, integer } from './columns.js';
import { oneOf } from './checks.js';

@Entity('datasets')
export class DatasetEntity implements Pick<Dataset, 'id' | 'displayName'> {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  project!: string;

  @Column('text')
  displayName!: string;

  @Column('timestamptz', { default: () => 'now()' })
  createTime!: Date;
}

/** One frozen state of a dataset; a trigger refuses changes once it has left IMPORTING. */
@Entity('dataset_versions')
@Check('dataset_versions_state', oneOf('state', DATASET_VERSION_STATES))
export class DatasetVersionEntity implements Omit<StoredDatasetVersion, 'name' | 'digest' | 'createTime'> {
  @PrimaryColumn('text')
  @ForeignKey(() => DatasetEntity, { name: 'dataset_versions_dataset' })
  datasetId!: string;

  @PrimaryColumn('int')
  number!: number;

  @Column('text')
  project!: string;

  @Column('text')
  sourceUri!: string;

  @Column('jsonb')
  split!: SplitConfig;

  @Column('text', { default: 'IMPORTING' })
  state!: DatasetVersion['state'];

  @Column('bigint', { default: 0, transformer: integer })
  imageCount!: number;

  @Column('bigint', { default: 0, transformer: integer })
  sizeBytes!: number;

  @Column('jsonb', { default: [] })
  classes!: readonly DatasetClass[];

  @Column('jsonb', { default: [] })
  issues!: readonly DatasetIssue[];

  @Column('jsonb', { nullable: true, transformer: absent })
  manifest?: Artifact;

  @Column('jsonb', { default: [] })
  shards!: readonly Shard[];

  @Column('jsonb', { nullable: true, transformer: absent })
  error?: Failure;

  @Column('timestamptz', { default: () => 'now()' })
  createTime!: Date;
}
