import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { gpuOfMachine } from './machine.js';

describe('gpuOfMachine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'biotune-driver-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023', '535.129.03'],
    ['NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build', '550.54.15'],
  ])('reads model and driver: %s', (version, gpuDriverVersion) => {
    mkdirSync(join(folder, 'gpus/0000:00:1e.0'), { recursive: true });
    writeFileSync(join(folder, 'version'), `${version}\nGCC version: gcc 12\n`);
    const information = 'Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 36\n';
    writeFileSync(join(folder, 'gpus/0000:00:1e.0/information'), information);
    expect(gpuOfMachine(folder)).toEqual({ gpuModel: 'NVIDIA H100 80GB HBM3', gpuDriverVersion });
  });

  it('says nothing where there is no driver', () => {
    expect(gpuOfMachine(join(folder, 'missing'))).toEqual({});
  });
});
