import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * The first port that is tried; it lies below the range of outgoing connections (Linux: 32768 up), also after adding
 * 10000.
 */
const FIRST_PORT = 18_000;
const LAST_PORT = 22_700;
const TRY_COUNT_MAX = 200;

/** Says whether a server could listen on every one of these ports of 127.0.0.1 now. */
export async function arePortsFree(...ports: readonly number[]): Promise<boolean> {
  for (const port of ports) if (!(await isPortFree(port))) return false;
  return true;
}

/** Finds a port of 127.0.0.1 that nothing listens on. */
export async function findFreePort(): Promise<number> {
  const [port] = await findFreePorts(1, (candidate) => [candidate]);
  if (port === undefined) throw new Error('no port found');
  return port;
}

/**
 * Finds `count` different ports, all of whose needs are free.
 *
 * @param needs Every port that a server on `port` opens, e.g. also port + 10000.
 * @throws {Error} when 200 random tries were not enough.
 */
export async function findFreePorts(count: number, needs: (port: number) => number[]): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; tries < TRY_COUNT_MAX && found.size < count; tries += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (!found.has(port) && (await arePortsFree(...needs(port)))) found.add(port);
  }
  if (found.size < count) throw new Error(`found no ${count} free ports between ${FIRST_PORT} and ${LAST_PORT}`);
  return [...found];
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
