import { Client } from 'minio';
import type { StoresConfig } from '../config/config.js';
import { DomainError } from '../domain/errors.js';
import { impatientAgent } from './impatient-agent.js';
import { NETWORK_CODES } from './network-codes.js';

/** Seconds that a presigned link works. */
export const LINK_SECONDS = 15 * 60;

/** How long a server may take to answer, or to go on with an answer. */
const SILENCE_MS_MAX = 15_000;

/** A client of the configured server. @param silenceMsMax A call ends when nothing goes through for so long. */
export function connect(config: StoresConfig, silenceMsMax: number = SILENCE_MS_MAX): Client {
  const endpoint = new URL(config.S3_ENDPOINT);
  return new Client({
    endPoint: endpoint.hostname,
    port: Number(endpoint.port || (endpoint.protocol === 'https:' ? 443 : 80)),
    useSSL: endpoint.protocol === 'https:',
    accessKey: config.S3_ACCESS_KEY,
    secretKey: config.S3_SECRET_KEY,
    region: config.S3_REGION,
    pathStyle: true,
    transportAgent: impatientAgent(endpoint.protocol, silenceMsMax),
  });
}

/** What S3 servers answer, by their own words, when they have too much to do or a fault of theirs. */
const BUSY_CODES = new Set([
  'SlowDown',
  'ServiceUnavailable',
  'InternalError',
  'RequestTimeout',
  'OperationAborted',
  'XMinioServerNotInitialized',
]);

/** The message of the client for a status that it has tried again in vain: 408, 429, 499, 500, 502, 503, 504 or 520. */
const BUSY_STATUS = /Retryable HTTP status: (\d{3})/;

/**
 * The answer of a server that is there.
 *
 * @throws {DomainError} STORAGE_UNAVAILABLE when the server is not there, or cannot serve now; what it refuses for good is
 *   thrown as it is.
 */
export async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const code = awayCode(error);
    if (code === undefined) throw error;
    throw new DomainError(
      'STORAGE_UNAVAILABLE',
      `Object storage cannot be reached (${code}); try again later.`,
      { code },
      { cause: error },
    );
  }
}

/** Why trying again later is right; undefined when it is not. */
function awayCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  if (NETWORK_CODES.has(code) || BUSY_CODES.has(code)) return code;
  return BUSY_STATUS.exec(error.message)?.[1];
}
