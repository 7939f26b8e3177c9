import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { RequestInvalidError } from './errors/request-invalid.js';
import { assertPlainData } from './plain-data.js';

/**
 * Checks each `@Body`, `@Param`, `@Query` and `@Payload` that names a schema, and fills defaults.
 *
 * It stands in for Nest's StandardSchemaValidationPipe, which removes keys such as `__proto__` without a word and
 * flattens issues to text.
 */
@Injectable()
export class RequestSchemaPipe implements PipeTransform {
  /** @throws {RequestInvalidError} FIELD_INVALID, with every refused field, when the value does not fit its schema. */
  transform(value: unknown, { schema, data }: ArgumentMetadata): unknown {
    if (!(schema instanceof z.ZodType)) return value;
    const root = data === undefined ? [] : [data];
    assertPlainData(value, root);
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    throw RequestInvalidError.fromZod(checked.error, value, root);
  }
}
