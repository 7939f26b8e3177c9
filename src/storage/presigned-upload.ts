import { createHash, createHmac } from 'node:crypto';
import type { StoresConfig } from '../config/config.js';
import { LINK_SECONDS } from './s3.js';

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** The client library never signs a length, so links to upload are signed here. */
const SIGNED_HEADERS = 'content-length;host';

/**
 * A link to PUT one object of our bucket, with so many bytes: as the length is signed, the server refuses any other.
 *
 * @param key A key of `object-keys.ts`, so without characters that a path would escape.
 * @see Signature Version 4 in query parameters, in the reference of Amazon S3's API.
 */
export function presignedUpload(config: StoresConfig, key: string, sizeBytes: number, now = new Date()): string {
  const { S3_ENDPOINT, S3_BUCKET, S3_REGION, S3_ACCESS_KEY, S3_SECRET_KEY } = config;
  const url = new URL(`/${S3_BUCKET}/${key}`, S3_ENDPOINT);
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const scope = [day, S3_REGION, 's3', 'aws4_request'];
  // In the order of their names, as the signature wants them.
  url.search = new URLSearchParams({
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': [S3_ACCESS_KEY, ...scope].join('/'),
    'X-Amz-Date': time,
    'X-Amz-Expires': String(LINK_SECONDS),
    'X-Amz-SignedHeaders': SIGNED_HEADERS,
  }).toString();
  const headers = [`content-length:${sizeBytes}`, `host:${url.host}`, ''];
  const request = ['PUT', url.pathname, url.search.slice(1), ...headers, SIGNED_HEADERS, 'UNSIGNED-PAYLOAD'].join('\n');
  const toSign = [ALGORITHM, time, scope.join('/'), createHash('sha256').update(request).digest('hex')].join('\n');
  const signingKey = scope.reduce<string | Buffer>(hmac, `AWS4${S3_SECRET_KEY}`);
  return `${url.href}&X-Amz-Signature=${hmac(signingKey, toSign).toString('hex')}`;
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
