import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How an S3 server refuses when it has too much to do, with or without the words of S3. */
export type Busyness = 'SLOW_DOWN' | 'BARE_503' | 'BAD_GATEWAY' | 'INTERNAL_ERROR';

const xml = (code: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>m</Message></Error>`;

const ANSWERS: Readonly<Record<Busyness, readonly [number, string]>> = {
  SLOW_DOWN: [503, xml('SlowDown')],
  BARE_503: [503, ''],
  BAD_GATEWAY: [502, '<html>502</html>'],
  INTERNAL_ERROR: [500, xml('InternalError')],
};

/** A server in front of a real S3 server that hands everything on, or answers as an overloaded one does. */
export class BusyStore {
  /** Undefined: everything is handed on. */
  busyness: Busyness | undefined;
  /** Of such requests alone; of all when undefined. */
  only: ((request: { readonly method: string; readonly path: string }) => boolean) | undefined;
  /** Requests that were refused so far. */
  refusedCount = 0;
  private readonly server: Server;

  /** @param target `http://host:port` of the real server. */
  constructor(private readonly target: string) {
    this.server = createServer((request, response) => this.answer(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = request;
    if (this.busyness !== undefined && (this.only?.({ method, path: url }) ?? true)) {
      this.refusedCount += 1;
      request.resume();
      const [status, body] = ANSWERS[this.busyness];
      response.writeHead(status).end(body);
      return;
    }
    const { hostname, port } = new URL(this.target);
    // The host is part of what is signed: it stays the one that was asked.
    const onward = forward({ hostname, port, method, path: url, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }
}
