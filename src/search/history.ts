import { DomainError } from '../domain/errors.js';

/** A place in a search: at most one trial has it. */
export interface Place {
  readonly generation: number;
  readonly slot: number;
}

/** A genome, of whatever kind a search has, and how it did: lower fitness is better, 0 at least. */
export interface Result<Genome> {
  readonly genome: Genome;
  readonly fitness: number;
}

/** What is known of a trial that a search has asked for; one that is not complete has no fitness. */
export interface Known<Genome> extends Place {
  readonly genome: Genome;
  readonly fitness?: number;
}

/** The trials of a search, by place. Every one must be taken as the answer to a planned trial. */
export interface History<Genome, Row extends Known<Genome>> {
  /**
   * Takes what is known of a planned trial, with the planned genome; undefined if nothing is.
   *
   * @throws {DomainError} REPLAY_DIVERGED when another genome was evaluated in its place.
   */
  take(planned: Place & { readonly genome: Genome }): Row | undefined;
  /** @throws {DomainError} REPLAY_DIVERGED when a trial is left that was never planned. */
  assertAllTaken(): void;
}

/**
 * Reads the rows of a search, in whatever order they come.
 *
 * @throws {RangeError} for a fitness that is not a number of 0 or more, and for two rows in one place.
 */
export function readHistory<Genome, Row extends Known<Genome>>(
  rows: readonly Row[],
  isEqual: (a: Genome, b: Genome) => boolean,
): History<Genome, Row> {
  const byKey = new Map(rows.toSorted(byPlace).map((row) => [placeOf(row), row]));
  if (byKey.size < rows.length) throw new RangeError(`${rows.length} trials in ${byKey.size} places`);
  for (const row of rows) assertFitness(row);
  const taken = new Set<string>();
  return {
    take(planned) {
      const row = byKey.get(placeOf(planned));
      if (row === undefined) return undefined;
      if (!isEqual(row.genome, planned.genome)) throw diverged(row, planned.genome);
      taken.add(placeOf(row));
      return { ...row, genome: planned.genome };
    },
    assertAllTaken() {
      for (const [key, row] of byKey) if (!taken.has(key)) throw diverged(row, undefined);
    },
  };
}

/** Orders by generation, then slot. */
export const byPlace = (a: Place, b: Place): number => a.generation - b.generation || a.slot - b.slot;

/** A text that two trials share when they have the same place. */
export const placeOf = ({ generation, slot }: Place): string => `${generation}/${slot}`;

function assertFitness({ generation, slot, fitness }: Known<unknown>): void {
  if (fitness === undefined || (Number.isFinite(fitness) && fitness >= 0)) return;
  throw new RangeError(`generation ${generation} slot ${slot}: fitness is ${fitness}, must be a number of 0 or more`);
}

function diverged({ generation, slot, genome }: Known<unknown>, planned: unknown): DomainError {
  const metadata = {
    generation: String(generation),
    slot: String(slot),
    recordedGenome: JSON.stringify(genome),
    plannedGenome: planned === undefined ? 'none' : JSON.stringify(planned),
  };
  return new DomainError(
    'REPLAY_DIVERGED',
    `generation ${generation} slot ${slot}: recorded genome ${metadata.recordedGenome}, planned ${metadata.plannedGenome}`,
    metadata,
  );
}
