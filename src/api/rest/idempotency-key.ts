import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { idempotencyKeySchema } from '../contract/idempotency-key.js';
import { RequestInvalidError } from '../errors/request-invalid.js';

const HEADER = 'idempotency-key';

/** Reads the `Idempotency-Key` header: a structured string, so in quotes, which may be left out. */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string | undefined => {
  const given = context.switchToHttp().getRequest<Request>().get(HEADER);
  if (given === undefined) return undefined;
  const key = given.replace(/^"(.*)"$/, '$1');
  const checked = idempotencyKeySchema.safeParse(key);
  if (checked.success) return checked.data;
  throw RequestInvalidError.fromZod(checked.error, key, [HEADER]);
});
