import { expect, it } from 'vitest';
import { decodeErrorInfo, encodeError } from './error-details.js';

const details = { domain: 'biotune.example', fieldViolations: [], requestId: 'req-1' };

it('gives back the reason, message and metadata that were written', () => {
  const metadata = { sha256: 'ab', sizeBytes: '7' };
  const bytes = encodeError(15, 'the bytes are wrong', { ...details, reason: 'ARTIFACT_CORRUPT', metadata });
  expect(decodeErrorInfo(bytes)).toEqual({
    message: 'the bytes are wrong',
    reason: 'ARTIFACT_CORRUPT',
    domain: 'biotune.example',
    metadata,
  });
});

it('finds nothing in an error without details', () => {
  expect(decodeErrorInfo(Buffer.alloc(0))).toBeUndefined();
});
