// Every check and every test but the slow ones (`npm run test:slow`): `npm test`, after scripts/setup.mjs. The last line is "N passed, N failed".
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS, runChecks } from './check.mjs';
import { CACHE, ROOT } from './setup/paths.mjs';
import { SetupError } from './setup/run-command.mjs';

const REPORT = join(CACHE, 'test-report.json');

async function staticChecks() {
  try {
    await runChecks();
    return { passed: CHECKS.length, failed: 0 };
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    return { passed: 0, failed: 1 };
  }
}

async function tests(filters) {
  rmSync(REPORT, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  // Vitest adds projects up, so the exclusion would undo a choice of the caller's.
  const projects = filters.some((filter) => filter.startsWith('--project')) ? [] : ['--project=!slow'];
  const vitest = spawn(join(ROOT, 'node_modules/.bin/vitest'), ['run', ...projects, ...reporters, ...filters], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  const code = await new Promise((resolve) => vitest.once('exit', resolve));
  if (!existsSync(REPORT)) return { passed: 0, failed: 1 };
  const { numPassedTests: passed, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(REPORT, 'utf8'));
  // A file that does not even load, or a crash after the last test, is a failure too.
  const failed = Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0, code === 0 ? 0 : 1);
  return { passed, failed };
}

const results = [await staticChecks(), await tests(process.argv.slice(2))];
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') === 0 ? 0 : 1;
