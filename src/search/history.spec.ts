import { expect, it } from 'vitest';
import { DomainError } from '../domain/errors.js';
import { equalGenomes, type Genome } from '../domain/job/genome.js';
import { type Place, readHistory, type Result } from './history.js';

const read = (rows: readonly (Place & Result<Genome>)[]) => readHistory(rows, equalGenomes);

const row = (generation: number, slot: number, fitness = 0.5, gene = 0.7) => ({
  generation,
  slot,
  genome: { genes: [gene], threshold: 0.25 },
  fitness,
});

const failure = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};

it('gives what is known of a planned trial, as often as it is asked, and undefined for one that is not known', () => {
  const history = read([row(1, 0, 0.2), row(0, 3, 0.4)]);
  expect(history.take(row(0, 3))).toEqual(row(0, 3, 0.4));
  expect(history.take(row(0, 3))).toEqual(row(0, 3, 0.4));
  expect(history.take(row(3, 0))).toBeUndefined();
});

it.each([
  ['a gene', { genes: [0.7 + 2 ** -53], threshold: 0.25 }],
  ['the threshold', { genes: [0.7], threshold: 0.26 }],
  ['the number of genes', { genes: [0.7, 0.1], threshold: 0.25 }],
])('refuses a genome that differs in %s, with both genomes', (_, genome) => {
  const error = failure(() => read([row(2, 5)]).take({ generation: 2, slot: 5, genome }));
  expect(error).toBeInstanceOf(DomainError);
  expect(error).toMatchObject({
    reason: 'REPLAY_DIVERGED',
    metadata: {
      generation: '2',
      slot: '5',
      recordedGenome: '{"genes":[0.7],"threshold":0.25}',
      plannedGenome: JSON.stringify(genome),
    },
  });
});

it('takes -0 for 0 and answers with the planned 0', () => {
  const result = read([row(0, 0, 0.5, -0)]).take(row(0, 0, 0.5, 0));
  expect(Object.is(result?.genome.genes[0], 0)).toBe(true);
});

it('names the first trial that was never planned', () => {
  const error = failure(() => read([row(4, 1), row(3, 9)]).assertAllTaken());
  expect(error).toMatchObject({
    reason: 'REPLAY_DIVERGED',
    metadata: { generation: '3', slot: '9', plannedGenome: 'none' },
  });
});

it.each([Number.NaN, Infinity, -0.01])('refuses a fitness of %d', (fitness) => {
  expect(() => read([row(0, 0), row(1, 2, fitness)])).toThrow('generation 1 slot 2: fitness is');
});

it('refuses two trials in one place', () => {
  expect(() => read([row(0, 0), row(0, 0, 0.4)])).toThrow('2 trials in 1 places');
});
