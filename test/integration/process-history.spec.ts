import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileFolders } from '../support/compile.js';

const SCRIPT = join(import.meta.dirname, '../fixtures/process-history/train.mjs');

/** Same bits whatever a process has run before; see the script for what is trained. */
describe.each([1, 2])('a training with %i thread(s)', (threadCount) => {
  let source: string;
  beforeAll(() => {
    source = compileFolders('config', 'methods', 'domain', 'random', 'formats', 'networks', 'statistics', 'training');
  });
  afterAll(() => rmSync(source, { recursive: true }));

  async function outcome(history: 'FRESH' | 'RESUMED', cap: string | undefined) {
    const { ONEDNN_MAX_CPU_ISA: _own, ...environment } = process.env;
    const env = {
      ...environment,
      ...(cap !== undefined && { ONEDNN_MAX_CPU_ISA: cap }),
      TF_ENABLE_ONEDNN_OPTS: '1',
      TF_NUM_INTRAOP_THREADS: String(threadCount),
      TF_NUM_INTEROP_THREADS: String(threadCount),
      TF_CPP_MIN_LOG_LEVEL: '2',
    };
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, source, history], { env });
    return JSON.parse(stdout) as { instructionSet: string; outcomes: object };
  }

  it.each(['SSE41', 'AVX2', undefined])(
    'comes to the same in a fresh process, in a used one, and from each of its epochs, with the instructions %s',
    async (cap) => {
      const fresh = await outcome('FRESH', cap);
      if (cap === undefined && ['SSE41', 'AVX2'].includes(fresh.instructionSet)) {
        console.log(`skipped: this machine has no more than ${fresh.instructionSet}`);
        return;
      }
      if (cap !== undefined) expect(fresh.instructionSet).toBe(cap);
      expect(await outcome('RESUMED', cap)).toEqual(fresh);
    },
    600_000,
  );
});
