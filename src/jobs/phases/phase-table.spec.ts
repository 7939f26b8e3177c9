import { describe, expect, it } from 'vitest';
import {
  isTerminal,
  JOB_PHASES,
  JOB_STATES,
  type JobPhase,
  type JobState,
  mayMove,
} from '../../domain/job/job-state.js';
import type { Phase } from './phase.js';
import { PHASES, PhaseTable, type Station, stationOf } from './phase-table.js';

const phase: Phase = { advance: () => Promise.resolve({ then: 'REST' }) };
const table = Reflect.construct(
  PhaseTable,
  PHASES.map(() => phase),
) as PhaseTable;

const isPhase = (station: Station): station is JobPhase => JOB_PHASES.some((name) => name === station);
const stateOf = (station: Station): JobState => (isPhase(station) ? 'RUNNING' : station);

const waiting = JOB_STATES.filter((state) => state !== 'RUNNING' && !isTerminal(state)) as Station[];
const stations: readonly Station[] = [...waiting, ...JOB_PHASES];

describe('the table of phases', () => {
  it.each(stations)('has a row for %s', (station) => {
    expect(table.at(station).phase).toBe(phase);
  });

  it.each(stations)('leads from %s by a move that a job may make', (station) => {
    const [from, to] = [stateOf(station), stateOf(table.at(station).to)];
    expect(from === to || mayMove(from, to)).toBe(true);
  });

  it('takes the phases in the order of the vocabulary, from the queue to success', () => {
    expect(table.at('QUEUED').to).toBe(JOB_PHASES[0]);
    expect(JOB_PHASES.map((name) => table.at(name).to)).toEqual([...JOB_PHASES.slice(1), 'SUCCEEDED']);
  });

  it('has nothing to do where a job has ended', () => {
    expect(() => table.at('SUCCEEDED')).toThrow('nothing is done at SUCCEEDED');
  });

  it('finds a running job in its phase, and any other by its state', () => {
    expect(stationOf({ state: 'RUNNING', phase: 'FINALS' })).toBe('FINALS');
    expect(stationOf({ state: 'PAUSED', phase: 'FINALS' })).toBe('PAUSED');
    expect(() => stationOf({ state: 'RUNNING' })).toThrow('in no phase');
  });
});
