import type { JobChange } from '../../storage/postgres/fine-tune-job.repository.js';
import type { Transaction } from '../../storage/postgres/transaction.js';
import type { JobContext } from '../job-context.js';

/** Writes what belongs to a job's move, in its transaction. */
export type Write = (transaction: Transaction) => Promise<void>;

/** What one step of a phase has come to. */
export type PhaseStep =
  /** Nothing more is to be done until a row changes; or, at the latest, until a time in ms since 1970. */
  | { readonly then: 'REST'; readonly untilMs?: number }
  /** There may be more to do at once, or what is waited for is no row's change. */
  | { readonly then: 'REPEAT' }
  /** The phase is done: the job moves on, with these changes and writes, to where the table of phases says. */
  | { readonly then: 'DONE'; readonly change?: JobChange; readonly write?: Write };

/**
 * A stretch of a job's life. Every step may be repeated, by this coordinator or another, and changes nothing that is done
 * already. What a phase throws as a DomainError that is the job's own fault ends the job as FAILED.
 */
export interface Phase {
  /**
   * Prepares the entry into the phase from the job's rows; a phase without it begins with nothing.
   *
   * @returns what is written in the transaction that enters the phase.
   */
  enter?(context: JobContext): Promise<Write>;
  /** Moves the job forward by one step. */
  advance(context: JobContext): Promise<PhaseStep>;
}
