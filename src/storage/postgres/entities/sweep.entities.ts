import { Check, Column, Entity, PrimaryColumn } from 'typeorm';
import { integer } from './columns.js';

/** When a writer last said that it is about to name a blob in a row: no sweep takes the blob for a while after that. */
@Entity('blob_claims')
export class BlobClaimEntity {
  /** The blob need not exist yet. */
  @PrimaryColumn('text')
  sha256!: string;

  @Column('timestamptz', { default: () => 'now()' })
  claimTime!: Date;
}

/** The one row that says when the next sweep is due, and who this database is to the bucket that it shares with no other. */
@Entity('sweep_state')
@Check('sweep_state_single', 'single')
export class SweepStateEntity {
  @PrimaryColumn('boolean', { default: true })
  single!: boolean;

  @Column('text')
  databaseId!: string;

  /** Fence: grows with each sweep. */
  @Column('bigint', { default: 0, transformer: integer })
  epoch!: number;

  /** Pushed on by a sweep that runs: past it, the sweep has crashed or the next one is due. */
  @Column('timestamptz', { default: () => 'now()' })
  dueTime!: Date;
}
