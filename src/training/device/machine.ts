import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Runtime } from '../../domain/runtime.js';

const NVIDIA_DRIVER = '/proc/driver/nvidia';

/** The features of this machine's processor, as Linux names them; none where it names none. */
export function cpuFlags(): ReadonlySet<string> {
  const [, flags = ''] = /^flags\s*:(.*)$/m.exec(textOf('/proc/cpuinfo')) ?? [];
  return new Set(flags.trim().split(/\s+/));
}

/**
 * The GPU that NVIDIA's driver shows this process, and the driver's version; what it does not say is absent. Of several
 * kinds all are named: which of them TensorFlow takes is not known here.
 *
 * @param folder The driver's folder of process information.
 */
export function gpuOfMachine(folder = NVIDIA_DRIVER): Pick<Runtime, 'gpuModel' | 'gpuDriverVersion'> {
  const gpus = existsSync(join(folder, 'gpus')) ? readdirSync(join(folder, 'gpus')) : [];
  const models = gpus.map((id) => /^Model:\s*(.+?)\s*$/m.exec(textOf(join(folder, 'gpus', id, 'information')))?.[1]);
  const gpuModel = [...new Set(models.filter((model) => model !== undefined))].sort().join(', ');
  const [, gpuDriverVersion] = /Kernel Module(?: for \S+)?\s+(\d[\d.]+)/.exec(textOf(join(folder, 'version'))) ?? [];
  return { ...(gpuModel !== '' && { gpuModel }), ...(gpuDriverVersion !== undefined && { gpuDriverVersion }) };
}

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
