import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a link does wrong, all at once; an empty object is a link that works. */
export interface Toxics {
  /** Each byte arrives this much later, each way. */
  readonly latencyMs?: number;
  /**
   * Nothing gets through, either way, and nobody is told: connections stay open, new ones are accepted, and bytes are
   * held back until this ends, as in a network that is cut and mended.
   */
  readonly isSilent?: boolean;
  /** Each connection that is open when this is set, and each new one, is reset with this chance, in [0, 1]. */
  readonly resetChance?: number;
  /** An answer is all that comes back between two pieces of a request; its connection ends after so many bytes of it. */
  readonly answerBytesMax?: number;
  /** After so many bytes of an answer its connection falls silent for good. */
  readonly answerStallBytes?: number;
  /** The lowest bit of this byte of each answer, counted from 0, is another. */
  readonly flippedByte?: number;
}

interface Link {
  readonly client: Socket;
  readonly target: Socket;
  /** Bytes of the present answer that came back so far. */
  answerBytes: number;
  isFrozen: boolean;
}

/** A TCP proxy on loopback, in front of one address, whose faults can be changed while it runs. */
export class ToxicProxy {
  private toxics: Toxics = {};
  /** Fulfils when silence ends. */
  private heard: Promise<void> = Promise.resolve();
  private hear: () => void = () => undefined;
  private readonly links = new Set<Link>();
  private accepted = 0;
  private readonly server: Server;

  private constructor(
    private readonly targetHost: string,
    private readonly targetPort: number,
    private readonly rng: () => number,
  ) {
    this.server = createServer({ allowHalfOpen: true }, (client) => this.join(client));
  }

  /** @param rng Gives numbers in [0, 1); every chance is decided by one of its draws, in the order of connections. */
  static async start(host: string, port: number, rng: () => number = Math.random): Promise<ToxicProxy> {
    const proxy = new ToxicProxy(host, port, rng);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  /** Where it listens, on 127.0.0.1. */
  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed');
    return address.port;
  }

  get connectionCount(): number {
    return this.links.size;
  }

  /** Connections that there have been, those that were reset too. */
  get acceptedCount(): number {
    return this.accepted;
  }

  /** Replaces all faults, for the connections that are open too. */
  set(toxics: Toxics): void {
    this.toxics = toxics;
    this.hear();
    if (toxics.isSilent === true) this.heard = new Promise((resolve) => (this.hear = resolve));
    for (const link of this.links) {
      if (this.isReset()) drop(link);
      else this.listen(link);
    }
  }

  /** The connections that are open now fall silent for good; new ones are as they are set. */
  freezeOpen(): void {
    for (const link of this.links) {
      link.isFrozen = true;
      this.listen(link);
    }
  }

  /** Resets every connection and accepts no more. */
  async close(): Promise<void> {
    for (const link of this.links) drop(link);
    this.hear();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket): void {
    this.accepted += 1;
    if (this.isReset()) {
      client.resetAndDestroy();
      return;
    }
    const target = connect({ host: this.targetHost, port: this.targetPort, allowHalfOpen: true });
    const link: Link = { client, target, answerBytes: 0, isFrozen: false };
    this.links.add(link);
    this.carry(link, client, target, (chunk) => {
      link.answerBytes = 0;
      return chunk;
    });
    this.carry(link, target, client, (chunk) => this.spoil(link, chunk));
    this.listen(link);
  }

  /** Hands bytes, and the end of bytes, on in their order. */
  private carry(link: Link, from: Socket, to: Socket, change: (chunk: Buffer) => Buffer): void {
    let last: Promise<void> = Promise.resolve();
    const after = (work: () => void) => {
      const dueMs = performance.now() + (this.toxics.latencyMs ?? 0);
      last = last.then(async () => {
        const waitMs = dueMs - performance.now();
        if (waitMs > 0) await sleep(waitMs, undefined, { ref: false });
        await this.heard;
        if (!to.destroyed && !link.isFrozen) work();
      });
    };
    from.on('data', (chunk) => after(() => to.write(change(chunk))));
    from.on('end', () => after(() => to.end()));
    from.on('error', () => drop(link));
    from.on('close', () => {
      if (to.destroyed) this.links.delete(link);
      else after(() => to.destroySoon());
    });
  }

  private spoil(link: Link, chunk: Buffer): Buffer {
    const { answerBytesMax = Infinity, answerStallBytes = Infinity, flippedByte = -1 } = this.toxics;
    const start = link.answerBytes;
    link.answerBytes += chunk.length;
    const spoilt = Buffer.from(chunk);
    const bytes = spoilt[flippedByte - start];
    if (bytes !== undefined) spoilt[flippedByte - start] = bytes ^ 1;
    if (link.answerBytes > answerStallBytes) {
      link.isFrozen = true;
      this.listen(link);
      return spoilt.subarray(0, Math.max(0, answerStallBytes - start));
    }
    if (link.answerBytes <= answerBytesMax) return spoilt;
    setImmediate(() => {
      link.client.destroySoon();
      link.target.destroy();
    });
    return spoilt.subarray(0, Math.max(0, answerBytesMax - start));
  }

  /** While it is silent nothing is read, so that a sender sees what it sees in a cut network: a buffer that fills. */
  private listen({ client, target, isFrozen }: Link): void {
    for (const socket of [client, target]) {
      if (isFrozen || this.toxics.isSilent === true) socket.pause();
      else socket.resume();
    }
  }

  private isReset(): boolean {
    const { resetChance } = this.toxics;
    return resetChance !== undefined && this.rng() < resetChance;
  }
}

function drop({ client, target }: Link): void {
  client.resetAndDestroy();
  target.resetAndDestroy();
}
