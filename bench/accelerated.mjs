// The accelerated search beside its parts, other searches and plain methods: `npm run bench:accelerated`, after scripts/setup.mjs.
// Goes on where the last run stopped, for so many --minutes, and adds to bench/results/accelerated-<task>.json.
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../dist/src/embedded/embedded-postgres.js';
import { withService } from '../scripts/service/with-service.mjs';
import { ROOT } from '../scripts/setup/paths.mjs';
import { SetupError } from '../scripts/setup/run-command.mjs';
import { readArguments } from './accelerated/arguments.mjs';
import { ARMS, MAIN_ARM } from './accelerated/arms.mjs';
import { load, save, withUnit } from './accelerated/files.mjs';
import { unitMeasurer } from './accelerated/measure.mjs';
import { setUpOptuna } from './accelerated/optuna.mjs';
import { withReports } from './accelerated/predictions.mjs';
import { hasTimeFor, keyOf, unitsOf } from './accelerated/units.mjs';
import { runOf } from './run.mjs';

const dataDir = join(ROOT, '.data/bench-accelerated');

try {
  const args = process.argv.slice(2);
  const settings = readArguments(args);
  const deadline = performance.now() + 1000 * settings.secondsMax;
  if (settings.arms.some((arm) => ARMS[arm].kind === 'PEER')) await setUpOptuna();
  // A database of this process, because per-image predictions are read from there.
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') });
  process.env['DATABASE_URL'] = postgres.url;
  try {
    await withService({ root: ROOT, dataDir, project: 'bench' }, (service) =>
      measureUnits(
        { ...service, databaseUrl: postgres.url },
        { ...settings, run: runOf('bench:accelerated', args), deadline },
      ),
    );
  } finally {
    await postgres.stop();
  }
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
}

async function measureUnits(service, { arms, tasks, resultsDir, run, deadline, ...settings }) {
  const known = new Map(tasks.map(({ name }) => [name, load(resultsDir, name)]));
  const measure = unitMeasurer(service, { ...settings, madeDir: join(dataDir, 'made') });
  for (const unit of unitsOf(arms, tasks)) {
    const { result, lines } = known.get(unit.task);
    const ofTask = result?.units ?? [];
    if (ofTask.some((other) => keyOf(other) === keyOf(unit))) continue;
    const measured = [...known.values()].flatMap((each) => each.result?.units ?? []);
    if (!hasTimeFor(unit, measured, (deadline - performance.now()) / 1000)) {
      console.log(`\nno time is left for ${unit.task}, ${keyOf(unit)}: run the command again to go on`);
      return;
    }
    const main = ofTask.find((other) => keyOf(other) === keyOf({ ...unit, arm: MAIN_ARM }));
    if (ARMS[unit.arm].kind === 'PEER' && main === undefined) {
      console.log(`\n${unit.task}, ${keyOf(unit)}: left out, its budget is that of ${MAIN_ARM}, which is not measured`);
      continue;
    }
    console.log(`\n${unit.task}, ${keyOf(unit)}`);
    const found = await measure(unit, main?.searchMultiplyAccumulates);
    const next = {
      result: withUnit(result, found.facts, run, found.unit),
      lines: withReports(lines, unit, found.reports),
    };
    await save(resultsDir, next.result, next.lines);
    known.set(unit.task, next);
  }
  console.log(
    '\nall that was asked for is measured: node bench/accelerated/results-page.mjs writes it into docs/results.md',
  );
}
