import { expect, it } from 'vitest';
import { budgetSchema } from '../domain/fine-tune-job.js';
import { timeBudgetStop } from './search-budget.js';

const start = new Date('2026-01-01T00:00:00Z');
const after = (seconds: number) => new Date(start.getTime() + 1000 * seconds);

it('ends a search when its share of the wall time is over, and keeps the rest for the finals', () => {
  const budget = budgetSchema.parse({ maxWallSeconds: 100 });
  expect(timeBudgetStop(budget, start, [], after(84.9))).toBeUndefined();
  expect(timeBudgetStop(budget, start, [], after(85))).toBe('WALL_BUDGET');
});

it('ends a search when its share of the device time is used up, over all workers', () => {
  const budget = budgetSchema.parse({ maxGpuSeconds: 10, reserveForFinals: 0.5 });
  expect(timeBudgetStop(budget, start, [{ trainSeconds: 2 }, { trainSeconds: 2.9 }], after(1e6))).toBeUndefined();
  expect(timeBudgetStop(budget, start, [{ trainSeconds: 2 }, { trainSeconds: 3 }], after(0))).toBe('GPU_BUDGET');
});

it('ends nothing without a budget', () => {
  expect(timeBudgetStop(budgetSchema.parse({}), start, [{ trainSeconds: 1e9 }], after(1e9))).toBeUndefined();
});
