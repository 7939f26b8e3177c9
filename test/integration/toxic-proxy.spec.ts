import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ToxicProxy } from '../support/toxic-proxy.js';

let echo: Server;
let draws: number[];
let proxy: ToxicProxy;

beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const address = echo.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  draws = [];
  proxy = await ToxicProxy.start('127.0.0.1', address.port, () => {
    const draw = draws.shift();
    if (draw === undefined) throw new Error('more draws than scripted');
    return draw;
  });
});
afterEach(async () => {
  await proxy.close();
  echo.close();
});

interface Caller {
  readonly socket: Socket;
  /** All that has come back. */
  heard(): string;
  /** How the connection ended: the code of its error, or `end`. */
  readonly ended: Promise<string>;
}

function call(): Caller {
  const socket = connect(proxy.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  const ended = new Promise<string>((resolve) => {
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    socket.on('close', () => resolve('end'));
  });
  return { socket, heard: () => text, ended };
}

const hears = (caller: Caller, text: string) => vi.waitFor(() => expect(caller.heard()).toBe(text), 10_000);

it('hands bytes on, both ways, and the end of a connection', async () => {
  const caller = call();
  caller.socket.end('hello');
  expect(await caller.ended).toBe('end');
  expect(caller.heard()).toBe('hello');
  await vi.waitFor(() => expect(proxy.connectionCount).toBe(0), 10_000);
});

it('delays each way', async () => {
  proxy.set({ latencyMs: 150 });
  const caller = call();
  const sentAtMs = performance.now();
  caller.socket.write('hello');
  await hears(caller, 'hello');
  expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(295);
});

it('swallows what is sent while it is silent, accepts connections, and delivers when silence ends', async () => {
  const before = call();
  before.socket.write('a');
  await hears(before, 'a');
  proxy.set({ isSilent: true });
  before.socket.write('b');
  const during = call();
  during.socket.write('c');
  await sleep(300);
  expect([before.heard(), during.heard()]).toEqual(['a', '']);
  proxy.set({});
  await hears(before, 'ab');
  await hears(during, 'c');
});

it('freezes the connections that are open, and lets new ones work', async () => {
  const before = call();
  before.socket.write('a');
  await hears(before, 'a');
  proxy.freezeOpen();
  before.socket.write('b');
  const after = call();
  after.socket.write('c');
  await hears(after, 'c');
  await sleep(300);
  expect(before.heard()).toBe('a');
});

it('resets connections that are open, and new ones at once', async () => {
  const before = call();
  before.socket.write('a');
  await hears(before, 'a');
  draws = [0.5, 0.5];
  proxy.set({ resetChance: 1 });
  expect(await before.ended).toBe('ECONNRESET');
  const after = call();
  expect(await after.ended).toBe('ECONNRESET');
});

it('lets the generator decide which connections are reset', async () => {
  proxy.set({ resetChance: 0.1 });
  draws = [0.1, 0.09];
  const kept = call();
  kept.socket.write('a');
  await hears(kept, 'a');
  const lost = call();
  expect(await lost.ended).toBe('ECONNRESET');
});

it('cuts each answer after so many bytes', async () => {
  proxy.set({ answerBytesMax: 3 });
  const caller = call();
  caller.socket.write('abc');
  await hears(caller, 'abc');
  caller.socket.write('defgh');
  expect(await caller.ended).toBe('end');
  expect(caller.heard()).toBe('abcdef');
});

it('stalls in the middle of an answer', async () => {
  proxy.set({ answerStallBytes: 3 });
  const caller = call();
  caller.socket.write('abcde');
  await hears(caller, 'abc');
  caller.socket.write('f');
  await sleep(300);
  expect(caller.heard()).toBe('abc');
});

it('flips one bit of an answer', async () => {
  proxy.set({ flippedByte: 2 });
  const caller = call();
  caller.socket.write('aaaa');
  await hears(caller, 'aa`a');
});

it('closes with connections open', async () => {
  const caller = call();
  caller.socket.write('a');
  await hears(caller, 'a');
  proxy.set({ isSilent: true });
  await proxy.close();
  expect(await caller.ended).toBe('ECONNRESET');
});
