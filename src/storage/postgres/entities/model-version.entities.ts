import { Check, Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { METHODS, type Method } from '../../../methods/method-table.js';
import { MODEL_VERSION_STATES, type ModelFile, type ModelVersion } from '../../../domain/model-version.js';
import { oneOf } from './checks.js';
import { FineTuneJobEntity } from './fine-tune-job.entities.js';

/** A fine-tuned network; a job makes at most one. */
@Entity('model_versions')
@Unique('model_versions_job', ['jobId'])
@Check('model_versions_state', oneOf('state', MODEL_VERSION_STATES))
@Check('model_versions_method', oneOf('method', METHODS))
export class ModelVersionEntity implements Omit<ModelVersion, 'name' | 'job' | 'trial' | 'createTime'> {
  @PrimaryColumn('text')
  project!: string;

  @PrimaryColumn('text')
  model!: string;

  @PrimaryColumn('int')
  number!: number;

  @Column('text', { default: 'PENDING' })
  state!: ModelVersion['state'];

  @Column('text')
  @ForeignKey(() => FineTuneJobEntity, { name: 'model_versions_job_id' })
  jobId!: string;

  @Column('text')
  trialId!: string;

  @Column('text')
  method!: Method;

  @Column('text')
  baseModel!: string;

  @Column('text')
  datasetVersion!: string;

  @Column('float8')
  testAccuracy!: number;

  @Column('float8')
  testMacroAccuracy!: number;

  @Column('float8')
  testMacroF1!: number;

  @Column('float8')
  testCalibrationError!: number;

  @Column('text')
  storageUri!: string;

  @Column('jsonb', { default: [] })
  files!: readonly ModelFile[];

  @Column('timestamptz', { default: () => 'now()' })
  createTime!: Date;
}
