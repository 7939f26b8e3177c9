import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { runChaos } from './run-chaos.js';

const CALM_SECONDS_MAX = 600;

/** `scripts/chaos.mjs` sets these; without it, it is a short run. */
const settings = z
  .object({
    CHAOS_SEED: z.coerce.number().int().default(1),
    CHAOS_SECONDS: z.coerce.number().min(10).default(45),
    /** Where the report goes, as JSON. */
    CHAOS_REPORT: z.string().optional(),
    /** Set when there is a terminal to show it on. */
    CHAOS_PROGRESS: z.string().optional(),
  })
  .parse(process.env);

const timeoutMs = (settings.CHAOS_SECONDS + 2 * CALM_SECONDS_MAX) * 1000;

it('keeps every promise while its processes, stores and lines fail', { timeout: timeoutMs }, async () => {
  const report = await runChaos({
    seed: settings.CHAOS_SEED,
    disturbedSeconds: settings.CHAOS_SECONDS,
    calmSecondsMax: CALM_SECONDS_MAX,
    onProgress: (line) => {
      if (settings.CHAOS_PROGRESS !== undefined) process.stdout.write(`\r\x1b[K${line}`);
    },
  });
  if (settings.CHAOS_REPORT !== undefined) writeFileSync(settings.CHAOS_REPORT, JSON.stringify(report));
  expect(report.violations, `logs are in ${report.folder}`).toEqual([]);
  expect(report.hungCount, `logs are in ${report.folder}`).toBe(0);
  expect(report.taskCount).toBeGreaterThan(0);
});
