import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StubbedApi, startStubbedApi } from '../../test/support/stubbed-api.js';

const HALF_HEADERS = 'GET /healthz/live HTTP/1.1\r\nHost: a\r\n';
const HALF_BODY = `POST /v1/projects/p/fineTuneJobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{`;

let api: StubbedApi;
beforeEach(async () => {
  api = await startStubbedApi();
});
afterEach(() => api.close());

/** Resolves when the bytes have had the time to arrive: the server has answered another request since. */
async function send(url: string, bytes: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  await fetch(`${url}/healthz/live`);
  return socket.resume();
}

it('ends the connection of a caller that never ends its headers', async () => {
  const socket = await send(api.httpUrl, HALF_HEADERS);
  const startMs = performance.now();
  await once(socket, 'close');
  expect(performance.now() - startMs).toBeLessThan(30_000);
});

it.each([HALF_HEADERS, HALF_BODY])('closes while a caller is in the middle of its request', async (bytes) => {
  await send(api.httpUrl, bytes);
  const startMs = performance.now();
  await api.close();
  expect(performance.now() - startMs).toBeLessThan(30_000);
});
