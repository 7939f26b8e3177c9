import { createServer } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

/** A caller has this long for its headers, and for all of its request: a body is small. */
const HEADERS_MS_MAX = 10_000;
const REQUEST_MS_MAX = 30_000;
/** The server checks the two limits this often. */
const CHECK_MS = 1_000;
/** Requests in flight get this long to end at shutdown. */
const DRAIN_MS_MAX = 5_000;

/** Express on a server that no caller can keep open: neither by a request that it never ends, nor at shutdown. */
export class DrainingHttpAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    const limits = {
      headersTimeout: HEADERS_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      connectionsCheckingInterval: CHECK_MS,
    };
    this.httpServer = createServer(limits, this.getInstance());
  }

  /** Node looks at its limits no more once a server closes: a request that is never ended would keep it open. */
  override async close(): Promise<void> {
    const cut = setTimeout(() => this.httpServer.closeAllConnections(), DRAIN_MS_MAX);
    await super.close();
    clearTimeout(cut);
  }
}
