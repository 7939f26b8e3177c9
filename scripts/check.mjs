// What must hold before a commit, in one command: `npm run check`. Stops at the first thing that does not.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeProto } from './describe-proto.mjs';
import { ROOT } from './setup/paths.mjs';
import { runCommand, SetupError } from './setup/run-command.mjs';

const bin = (name) => join(ROOT, 'node_modules/.bin', name);
const run = (name, ...args) => runCommand('check', bin(name), args);

/** The static checks, quick ones first. */
export const CHECKS = [
  { title: 'format', run: () => run('prettier', '--check', '--log-level', 'warn', '.') },
  { title: 'lint', run: () => run('eslint', '--max-warnings', '0', '.') },
  { title: 'types', run: () => run('tsc', '--noEmit') },
  { title: 'import rules', run: () => run('depcruise', 'src', 'migrations', '--config', '.dependency-cruiser.cjs') },
  { title: 'proto lint', run: () => run('buf', 'lint') },
  { title: 'descriptions in proto/ are those of the schemas', run: () => describeProto({ isCheck: true }) },
  { title: 'generated files are what proto/ says', run: checkWire },
];

async function checkWire() {
  const folder = mkdtempSync(join(tmpdir(), 'biotune-wire-'));
  try {
    await run('buf', 'generate', '--output', folder);
    const generated = join(folder, 'src/wire/biotune/v1');
    const committed = join(ROOT, 'src/wire/biotune/v1');
    const read = (base) => readdirSync(base).map((name) => [name, readFileSync(join(base, name), 'utf8')]);
    const descriptors = join(folder, 'descriptors.binpb');
    await run('buf', 'build', 'proto', '--as-file-descriptor-set', '--exclude-source-info', '-o', descriptors);
    const isCurrent =
      JSON.stringify(read(generated)) === JSON.stringify(read(committed)) &&
      readFileSync(descriptors).equals(readFileSync(join(ROOT, 'proto/descriptors.binpb')));
    if (!isCurrent) {
      throw new SetupError('src/wire or proto/descriptors.binpb is not what proto/ gives: run "npm run generate"');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs every static check. @throws {SetupError} for the first that fails, with what it printed. */
export async function runChecks() {
  for (const check of CHECKS) {
    const start = performance.now();
    process.stdout.write(`… ${check.title}`);
    try {
      await check.run();
    } catch (error) {
      process.stdout.write(`\n✗ ${check.title}\n`);
      throw error;
    }
    process.stdout.write(
      `${process.stdout.isTTY ? '\r' : '\n'}✓ ${check.title} (${((performance.now() - start) / 1000).toFixed(1)} s)\n`,
    );
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    await runChecks();
    execFileSync(bin('vitest'), ['run', '--project', 'unit'], { cwd: ROOT, stdio: 'inherit' });
  } catch (error) {
    if (error instanceof SetupError) console.error(error.message);
    process.exitCode = 1;
  }
}
