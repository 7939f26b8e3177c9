// How many trainings a second the task queue takes from lease to event, beside a bare UPDATE by id, with a table full of
// finished ones: npm run bench:tasks, after scripts/setup.mjs. Prints both and their ratio, and writes bench/results/tasks.json.
// Options: --rows of finished tasks, --rounds, --tasks of each round.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../dist/src/embedded/embedded-postgres.js';
import { createDataSource, migrate } from '../dist/src/storage/postgres/data-source.js';
import { ROOT } from '../scripts/setup/paths.mjs';
import { machine } from './run.mjs';
import { cyclesPerSecond, updatesPerSecond } from './tasks/measure.mjs';
import { fillTable, queueOf } from './tasks/rows.mjs';

const RESULTS = join(ROOT, 'bench/results/tasks.json');
const WORKER_COUNT = 16;
/** What the queue must reach: so many cycles a second, or this share of what the same connections update by id. */
const TARGET = { cyclesPerSecond: 1000, ratio: 0.5 };

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    tasks: { type: 'string', default: '5000' },
  },
});
const [finishedTaskCount, roundCount, taskCount] = [values.rows, values.rounds, values.tasks].map(Number);

const folder = mkdtempSync(join(tmpdir(), 'biotune-bench-tasks-'));
chmodSync(folder, 0o711); // as root, Postgres runs as another user
const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
try {
  await measure(postgres.url);
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(url) {
  // One connection each for the workers, and one for the leader of their job.
  const dataSource = createDataSource({ DATABASE_URL: url, DATABASE_POOL_SIZE: WORKER_COUNT + 1 });
  await dataSource.initialize();
  await migrate(dataSource);
  console.log(`filling the table with ${finishedTaskCount} finished tasks`);
  await fillTable(dataSource, finishedTaskCount);
  const queue = queueOf(dataSource);
  const samples = [];
  for (let round = 0; round <= roundCount; round += 1) {
    const options = { workerCount: WORKER_COUNT, taskCount, round };
    const updates = await updatesPerSecond(dataSource, options);
    const cycles = await cyclesPerSecond(queue, options);
    // The first one warms up.
    if (round > 0) samples.push({ cyclesPerSecond: Math.round(cycles), updatesPerSecond: Math.round(updates) });
    console.log(`round ${round}: ${cycles.toFixed(0)} cycles/s, ${updates.toFixed(0)} updates/s`);
  }
  await dataSource.destroy();
  report(samples);
}

function report(samples) {
  const cycles = median(samples.map((sample) => sample.cyclesPerSecond));
  const ratio = Number(median(samples.map((each) => each.cyclesPerSecond / each.updatesPerSecond)).toFixed(2));
  const isMet = cycles >= TARGET.cyclesPerSecond || ratio >= TARGET.ratio;
  console.log(
    `${WORKER_COUNT} workers: ${cycles} cycles/s, ${ratio} of bare updates by id; ` +
      `at least ${TARGET.cyclesPerSecond} or ${TARGET.ratio}: ${isMet ? 'met' : 'not met'}`,
  );
  const command = `npm run bench:tasks -- --rows ${finishedTaskCount} --rounds ${roundCount} --tasks ${taskCount}`;
  const result = {
    machine: { ...machine(), node: process.version },
    command,
    workerCount: WORKER_COUNT,
    finishedTaskCount,
    cyclesPerSecond: cycles,
    ratio,
    samples,
  };
  mkdirSync(dirname(RESULTS), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(result, null, 2)}\n`);
  if (!isMet) process.exitCode = 1;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
