import http from 'node:http';
import https from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * An agent whose connections end themselves, with the request that waits on them, when nothing goes through for a while:
 * not to connect, nor to answer, nor in the middle of a body.
 *
 * Node's own `timeout` option only emits an event. The request then fails with ETIMEDOUT; a body with ECONNRESET.
 */
export function impatientAgent(protocol: string, silenceMsMax: number): http.Agent {
  const options = { keepAlive: true, timeout: silenceMsMax };
  return protocol === 'https:' ? new ImpatientHttpsAgent(options) : new ImpatientHttpAgent(options);
}

class ImpatientHttpAgent extends http.Agent {
  override createConnection(...args: Parameters<http.Agent['createConnection']>) {
    return endedBySilence(super.createConnection(...args));
  }
}

class ImpatientHttpsAgent extends https.Agent {
  override createConnection(...args: Parameters<https.Agent['createConnection']>) {
    return endedBySilence(super.createConnection(...args));
  }
}

function endedBySilence<S extends Duplex | null | undefined>(socket: S): S {
  if (!(socket instanceof Socket)) return socket;
  socket.once('timeout', () => {
    const error = new Error('The server said nothing for too long.');
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  });
  return socket;
}
