import { describe, expect, it } from 'vitest';
import type { ParetoPoint } from '../domain/job/search-objectives.js';
import { paretoFront } from './pareto-front.js';

const point = (trial: string, validationFigure: number, ...[work, parameters]: number[]): ParetoPoint => ({
  trial,
  validationFigure,
  ...(work !== undefined && { inferenceMultiplyAccumulates: work }),
  ...(parameters !== undefined && { trainedParameterCount: parameters }),
});

const namesOf = (points: readonly ParetoPoint[]) => paretoFront(points).map(({ trial }) => trial);

describe('the Pareto front', () => {
  it('has the best figure, and what is cheaper than all that are better, best figure first', () => {
    expect(
      namesOf([
        point('cheap', 0.6, 10),
        point('dominated', 0.7, 30),
        point('best', 0.9, 40),
        point('middle', 0.8, 20),
        point('worst', 0.5, 50),
      ]),
    ).toEqual(['best', 'middle', 'cheap']);
  });

  it('leaves out what is as good in one value and worse in the other', () => {
    expect(namesOf([point('a', 0.8, 20), point('slower', 0.8, 21), point('worse', 0.7, 20)])).toEqual(['a']);
  });

  it('keeps candidates that are equal in everything', () => {
    expect(namesOf([point('a', 0.8, 20), point('b', 0.8, 20)])).toEqual(['a', 'b']);
  });

  it('keeps what is better in a second objective alone', () => {
    const points = [point('best', 0.9, 10, 500), point('small', 0.5, 20, 100), point('neither', 0.5, 20, 600)];
    expect(namesOf(points)).toEqual(['best', 'small']);
  });

  it('is one of the best by the figure where nothing else counts', () => {
    expect(namesOf([point('a', 0.7), point('b', 0.8)])).toEqual(['b']);
  });

  it('is empty without candidates', () => {
    expect(paretoFront([])).toEqual([]);
  });
});
