import { Check, Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { METHODS, type Method } from '../../../methods/method-table.js';
import {
  TRIAL_ORIGINS,
  TRIAL_PHASES,
  TRIAL_STATES,
  type Pruning,
  type StoredTrial,
  type TrialOrigin,
  type TrialPhase,
  type TrialSettings,
  type TrialState,
} from '../../../domain/job/trial.js';
import { absent } from './columns.js';
import { finite, oneOf } from './checks.js';
import { FineTuneJobEntity } from './fine-tune-job.entities.js';

/** The evaluation of one genome, or of one method in the finals. */
@Entity('trials')
@Unique('trials_place', ['jobId', 'phase', 'method', 'generation', 'slot'])
@Check('trials_phase', oneOf('phase', TRIAL_PHASES))
@Check('trials_origin', oneOf('origin', TRIAL_ORIGINS))
@Check('trials_method', oneOf('method', METHODS))
@Check('trials_state', oneOf('state', TRIAL_STATES))
@Check('trials_fitness_finite', finite('fitness'))
export class TrialEntity implements StoredTrial {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  @ForeignKey(() => FineTuneJobEntity, { name: 'trials_job' })
  jobId!: string;

  @Column('text')
  phase!: TrialPhase;

  @Column('int')
  generation!: number;

  @Column('int')
  slot!: number;

  @Column('text')
  origin!: TrialOrigin;

  @Column('text')
  method!: Method;

  @Column('float8', { array: true, nullable: true, transformer: absent })
  genes?: readonly number[];

  @Column('float8', { nullable: true, transformer: absent })
  threshold?: number;

  @Column('float8', { array: true })
  lrMultipliers!: readonly number[];

  @Column('jsonb', { nullable: true, transformer: absent })
  settings?: TrialSettings;

  @Column('int', { nullable: true, transformer: absent })
  fold?: number;

  @Column('text', { default: 'QUEUED' })
  state!: TrialState;

  @Column('text', { nullable: true, transformer: absent })
  infeasibleReason?: string;

  @Column('jsonb', { nullable: true, transformer: absent })
  pruning?: Pruning;

  @Column('float8', { nullable: true, transformer: absent })
  fitness?: number;

  @Column('text', { nullable: true, transformer: absent })
  @ForeignKey(() => TrialEntity, { name: 'trials_reused' })
  reusedTrialId?: string;

  @Column('text', { nullable: true, transformer: absent })
  @ForeignKey(() => TrialEntity, { name: 'trials_retrained' })
  retrainedTrialId?: string;

  @Column('timestamptz', { default: () => 'now()' })
  createTime!: Date;

  @Column('timestamptz', { nullable: true, transformer: absent })
  endTime?: Date;
}
