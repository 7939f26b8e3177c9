import { expect, it } from 'vitest';
import { budgetSchema } from '../../domain/job/budget.js';
import { activeSeconds, timeBudgetStop, wallBudgetEndMs } from './search-budget.js';

it('ends a search when its share of the wall time is over, and keeps the rest for the finals', () => {
  const budget = budgetSchema.parse({ wallSecondsMax: 100 });
  expect(timeBudgetStop(budget, 84.9, [])).toBeUndefined();
  expect(timeBudgetStop(budget, 85, [])).toBe('WALL_BUDGET');
});

it('ends a search when its share of the device time is used up, over all workers', () => {
  const budget = budgetSchema.parse({ gpuSecondsMax: 10, reserveForFinals: 0.5 });
  expect(timeBudgetStop(budget, 1e6, [2, 2.9])).toBeUndefined();
  expect(timeBudgetStop(budget, 0, [2, 3])).toBe('GPU_BUDGET');
});

it('ends nothing without a budget', () => {
  expect(timeBudgetStop(budgetSchema.parse({}), 1e9, [1e9])).toBeUndefined();
});

it('counts the time since the last pause beside the time before it, and none until a task is leased', () => {
  const activeSince = new Date('2026-01-01T00:00:00Z');
  const now = new Date('2026-01-01T00:00:07Z');
  expect(activeSeconds({ activeSeconds: 5, activeSince }, now)).toBe(12);
  expect(activeSeconds({ activeSeconds: 5 }, now)).toBe(5);
});

it('knows when the wall time will be used up, unless the clock stands', () => {
  const budget = budgetSchema.parse({ wallSecondsMax: 100, reserveForFinals: 0.5 });
  const activeSince = new Date('2026-01-01T00:00:00Z');
  expect(wallBudgetEndMs(budget, { activeSeconds: 20, activeSince })).toBe(activeSince.getTime() + 30_000);
  expect(wallBudgetEndMs(budget, { activeSeconds: 20 })).toBe(Infinity);
  expect(wallBudgetEndMs(budgetSchema.parse({}), { activeSeconds: 20, activeSince })).toBe(Infinity);
});
