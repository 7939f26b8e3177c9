import { expect, it } from 'vitest';
import { faultSchedule } from './schedule.js';

it('is the same for the same seed', () => {
  expect(faultSchedule(1, 600)).toEqual(faultSchedule(1, 600));
});

it('is another for another seed', () => {
  expect(faultSchedule(1, 600)).not.toEqual(faultSchedule(2, 600));
});

it('has every kind of fault within two minutes, in order of time', () => {
  const schedule = faultSchedule(3, 120);
  const kinds = new Set(
    schedule.map(({ fault }) => {
      if (fault.kind === 'TOXIC') return fault.toxic;
      return 'target' in fault ? `${fault.kind} ${fault.target}` : fault.kind;
    }),
  );
  expect(kinds.size).toBe(17);
  expect(schedule.map(({ atSeconds }) => atSeconds)).toEqual(
    schedule.map(({ atSeconds }) => atSeconds).sort((a, b) => a - b),
  );
});

it('has no spell that outlasts a third of the run', () => {
  const seconds = faultSchedule(4, 30).flatMap(({ fault }) => ('seconds' in fault ? fault.seconds : []));
  expect(Math.max(...seconds)).toBeLessThanOrEqual(10);
});
