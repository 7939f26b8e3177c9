import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DomainError } from '../domain/errors.js';
import type { Reason } from '../domain/reasons.js';
import { startTimeOf } from './process-table.js';

/**
 * Takes a data folder for this process, making it when it is missing, so that two processes never share one server.
 * A claim whose process is gone (kill -9, power cut) is taken over.
 *
 * @returns gives the folder back.
 * @throws {Error} when a living process holds it.
 */
export function claimFolder(folder: string): () => void {
  mkdirSync(dirname(folder), { recursive: true });
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
  const file = join(folder, 'owner.json');
  const holder = readClaim(file);
  if (holder !== undefined && startTimeOf(holder.pid) === holder.startTime) {
    throw new Error(`${folder} is in use by process ${holder.pid}: stop that process, or choose another data folder`);
  }
  rmSync(file, { force: true });
  // 'wx' refuses when another process was faster.
  writeFileSync(file, JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) }), { flag: 'wx' });
  return () => rmSync(file, { force: true });
}

/**
 * Starts a server on a data folder that is claimed for it.
 *
 * @param server The server that a failure names, with the reason that callers see.
 * @param start Is given the absolute folder, and what gives the claim back when the server stops.
 * @throws {DomainError} when the folder is taken or the start fails; then the claim has been given back.
 */
export async function startOnFolder<T>(
  dataDir: string,
  server: { readonly name: string; readonly reason: Reason },
  start: (folder: string, release: () => void) => Promise<T>,
): Promise<T> {
  let release: (() => void) | undefined;
  try {
    const folder = resolve(dataDir);
    release = claimFolder(folder);
    return await start(folder, release);
  } catch (cause) {
    release?.();
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError(server.reason, `${server.name}: ${message}`, {}, { cause });
  }
}

function readClaim(file: string): { pid: number; startTime: string } | undefined {
  try {
    const claim: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof claim !== 'object' || claim === null || !('pid' in claim) || !('startTime' in claim)) return undefined;
    const { pid, startTime } = claim;
    return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : undefined;
  } catch {
    return undefined;
  }
}
