import { boundedText } from '../../domain/text.js';

/** At most 128 visible ASCII characters: the `Idempotency-Key` header of REST, the `request_id` of gRPC. */
export const idempotencyKeySchema = boundedText(128).regex(/^[\x21-\x7e]+$/, {
  error: 'must be visible ASCII characters',
});
