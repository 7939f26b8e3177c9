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

/** The completed trials of a search, by place. Every one must be taken as the answer to a planned trial. */
export interface History<Genome> {
  /**
   * Takes the result of a planned trial, once; undefined if it is not complete.
   *
   * @throws {DomainError} REPLAY_DIVERGED when another genome was evaluated in its place.
   */
  take(planned: Place & { readonly genome: Genome }): Result<Genome> | undefined;
  /** @throws {DomainError} REPLAY_DIVERGED when a trial is left that was never planned. */
  assertAllTaken(): void;
}

/**
 * Reads the rows of a search, in whatever order they come.
 *
 * @throws {RangeError} for a fitness that is not a number of 0 or more, and for two rows in one place.
 */
export function readHistory<Genome>(
  rows: readonly (Place & Result<Genome>)[],
  isEqual: (a: Genome, b: Genome) => boolean,
): History<Genome> {
  const left = new Map(rows.toSorted(byPlace).map((row) => [keyOf(row), row]));
  if (left.size < rows.length) throw new RangeError(`${rows.length} trials in ${left.size} places`);
  for (const row of rows) assertFitness(row);
  return {
    take(planned) {
      const row = left.get(keyOf(planned));
      if (row === undefined) return undefined;
      if (!isEqual(row.genome, planned.genome)) throw diverged(row, planned.genome);
      left.delete(keyOf(row));
      return { genome: planned.genome, fitness: row.fitness };
    },
    assertAllTaken() {
      for (const row of left.values()) throw diverged(row, undefined);
    },
  };
}

/** Orders by generation, then slot. */
export const byPlace = (a: Place, b: Place): number => a.generation - b.generation || a.slot - b.slot;

const keyOf = ({ generation, slot }: Place): string => `${generation}/${slot}`;

function assertFitness({ generation, slot, fitness }: Place & Result<unknown>): void {
  if (Number.isFinite(fitness) && fitness >= 0) return;
  throw new RangeError(`generation ${generation} slot ${slot}: fitness is ${fitness}, must be a number of 0 or more`);
}

function diverged({ generation, slot, genome }: Place & Result<unknown>, planned: unknown): DomainError {
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
