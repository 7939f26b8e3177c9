import { describe, expect, it } from 'vitest';
import { hasPassed, isTerminal, JOB_MOVES, JOB_STATES, mayMove, statesBefore, statesWith } from './job-state.js';

describe('the moves of a job', () => {
  it('lead from the first state to every other one', () => {
    const reached = new Set<string>(['VALIDATING']);
    for (const state of reached) for (const next of JOB_MOVES[state as keyof typeof JOB_MOVES]) reached.add(next);
    expect([...reached].sort()).toEqual([...JOB_STATES].sort());
  });

  it('let every job end, and none that has ended move', () => {
    for (const state of JOB_STATES) {
      const reached = new Set([state]);
      for (const from of reached) for (const next of JOB_MOVES[from]) reached.add(next);
      expect([...reached].some(isTerminal), state).toBe(true);
      if (isTerminal(state)) expect([...reached]).toEqual([state]);
    }
  });

  it('let a job be cancelled from every state in which it goes on or waits', () => {
    expect(statesBefore('CANCELLING')).toEqual(['VALIDATING', 'QUEUED', 'RUNNING', 'PAUSING', 'PAUSED']);
    expect(mayMove('CANCELLING', 'PAUSED')).toBe(false);
  });

  it('say what becomes of tasks', () => {
    expect(statesWith('HELD')).toEqual(['PAUSING', 'PAUSED']);
    expect(statesWith('DROPPED')).toEqual(['CANCELLING', 'SUCCEEDED', 'FAILED', 'CANCELLED']);
  });
});

describe('the phases of a running job', () => {
  it('are passed when a later one is entered', () => {
    expect(hasPassed('FINALS', 'SEARCHING')).toBe(true);
    expect(hasPassed('FINALS', 'FINALS')).toBe(false);
    expect(hasPassed(undefined, 'SEARCHING')).toBe(false);
  });
});
