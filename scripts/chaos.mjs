// Real processes, stores and lines that fail at random while real jobs run: `npm run chaos -- --seed 1 --minutes 10`.
// The same seed gives the same faults. Prints what happened, writes bench/results/chaos.json, and ends with 1 when a
// promise of the service did not hold.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { CACHE, ROOT } from './setup/paths.mjs';

const RESULTS = join(ROOT, 'bench/results/chaos.json');
const REPORT = join(CACHE, 'chaos-report.json');
const VITEST_REPORT = join(CACHE, 'chaos-vitest.json');

const { seed, minutes } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, minutes: { type: 'string', default: '10' } },
}).values;
if (!/^\d+$/.test(seed) || !(Number(minutes) >= 0.2)) {
  console.error(`--seed is ${seed}, --minutes is ${minutes}: give a whole number, and at least 0.2 minutes`);
  process.exit(2);
}

const report = await run();
if (report === undefined) {
  console.error(failureMessages());
  process.exitCode = 1;
} else {
  print(report);
  write(report);
  process.exitCode = report.violations.length === 0 && report.hungCount === 0 ? 0 : 1;
}

/** @returns what the run came to; undefined when it broke off. */
async function run() {
  rmSync(REPORT, { force: true });
  const settings = {
    CHAOS_SEED: seed,
    CHAOS_SECONDS: String(60 * Number(minutes)),
    CHAOS_REPORT: REPORT,
    ...(process.stdout.isTTY && { CHAOS_PROGRESS: 'true' }),
  };
  const args = ['run', '--project', 'chaos', 'test/chaos/chaos.spec.ts', '--reporter=json'];
  const vitest = spawn(join(ROOT, 'node_modules/.bin/vitest'), [...args, `--outputFile.json=${VITEST_REPORT}`], {
    cwd: ROOT,
    env: { ...process.env, ...settings },
    stdio: 'inherit',
  });
  await new Promise((resolve) => vitest.once('exit', resolve));
  if (process.stdout.isTTY) process.stdout.write('\n');
  return existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, 'utf8')) : undefined;
}

function failureMessages() {
  const { testResults = [] } = existsSync(VITEST_REPORT) ? JSON.parse(readFileSync(VITEST_REPORT, 'utf8')) : {};
  const messages = testResults.flatMap(({ message, assertionResults }) => [
    message,
    ...assertionResults.flatMap(({ failureMessages }) => failureMessages),
  ]);
  return messages.filter(Boolean).join('\n') || 'The run broke off and said nothing.';
}

function print({ faults, violations, folder, ...report }) {
  const { jobCount, taskCount, seconds, restartCount, duplicateCount, lostCount, wrongCount, wastedPercent } = report;
  console.log(`${jobCount} jobs, ${taskCount} tasks done in ${seconds} s; ${restartCount} roles started again`);
  for (const [kind, count] of Object.entries(faults)) console.log(`  ${String(count).padStart(4)} ${kind}`);
  if (report.isDiskSkipped) console.log('  no full disks: a file system cannot be mounted here');
  console.log(
    `duplicates ${duplicateCount}, lost ${lostCount}, wrong ${wrongCount}, wasted work at most ${wastedPercent} %`,
  );
  for (const { invariant, evidence } of violations) console.log(`✗ ${invariant}: ${evidence}`);
  if (report.hungCount > 0) console.log(`✗ ${report.hungCount} processes did not end when they were told to`);
  console.log(violations.length === 0 ? '✓ I1 to I7 held' : `${violations.length} violations; logs are in ${folder}`);
}

function write({ folder: _, ...report }) {
  const [processor] = cpus();
  const machine = {
    processor: processor?.model,
    coreCount: availableParallelism(),
    memoryGib: Math.round(totalmem() / 1024 ** 3),
  };
  const command = `npm run chaos -- --seed ${seed} --minutes ${minutes}`;
  mkdirSync(dirname(RESULTS), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify({ command, machine, samples: 1, ...report }, null, 2)}\n`);
}
