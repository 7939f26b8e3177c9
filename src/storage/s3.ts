import { Client } from 'minio';
import type { StoresConfig } from '../config/config.js';
import { DomainError } from '../domain/errors.js';

/** Seconds that a presigned link works. */
export const LINK_SECONDS = 15 * 60;

/** The server is not there, or went away in the middle: trying again later is right. */
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);

/** A client of the configured server. */
export function connect(config: StoresConfig): Client {
  const endpoint = new URL(config.S3_ENDPOINT);
  return new Client({
    endPoint: endpoint.hostname,
    port: Number(endpoint.port || (endpoint.protocol === 'https:' ? 443 : 80)),
    useSSL: endpoint.protocol === 'https:',
    accessKey: config.S3_ACCESS_KEY,
    secretKey: config.S3_SECRET_KEY,
    region: config.S3_REGION,
    pathStyle: true,
  });
}

/** @throws {DomainError} STORAGE_UNAVAILABLE when the server is not there; what it answers is thrown as it is. */
export async function talk<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!NETWORK_CODES.has(code)) throw error;
    throw new DomainError(
      'STORAGE_UNAVAILABLE',
      'Object storage cannot be reached; try again later.',
      { code },
      { cause: error },
    );
  }
}
