import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { PROBLEM_MEDIA_TYPE } from '../errors/problem.js';

const PROBLEMS = {
  400: 'The request is not valid.',
  404: 'Not found in this project.',
  409: 'The state of a resource does not allow it.',
  413: 'The body is larger than 100 KB.',
  415: 'The body is not application/json in UTF-8.',
  422: 'The idempotency key was used for another request.',
  500: 'A fault of the service; the request id names it in the logs.',
  503: 'A store is unavailable; try again.',
} as const;
type ProblemStatus = keyof typeof PROBLEMS;

const READ: readonly ProblemStatus[] = [400, 404, 500, 503];
const WRITE: readonly ProblemStatus[] = [400, 404, 409, 413, 415, 500, 503];

/** What `LocationInterceptor` sets. */
const LOCATION = { Location: { description: 'Path of what was made.', schema: { type: 'string' as const } } };

/** Refers to `problemSchema`, which `openApiDocument` adds to the components. */
const problem = (status: ProblemStatus) =>
  ApiResponse({
    status,
    description: PROBLEMS[status],
    content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  });

const answer = (status: number, schema: z.ZodType, summary: string, problems: readonly ProblemStatus[]) =>
  applyDecorators(
    ApiOperation({ summary }),
    ApiResponse({
      status,
      description: summary,
      standardSchema: schema,
      ...(status === 201 && { headers: LOCATION }),
    }),
    ...problems.map(problem),
  );

/** Documents a route that reads. */
export const Reads = (schema: z.ZodType, summary: string) => answer(200, schema, summary, READ);

/** Documents a command on something that exists. */
export const Commands = (schema: z.ZodType, summary: string) => answer(200, schema, summary, WRITE);

/** Documents a route that makes something. */
export const Creates = (schema: z.ZodType, summary: string) => answer(201, schema, summary, WRITE);

/** Documents that a command needs no body. */
export const TakesEmptyBody = () =>
  ApiBody({ required: false, schema: { type: 'object', additionalProperties: false } });

/** Documents the header that `IdempotencyKey` reads. */
export const TakesIdempotencyKey = () =>
  applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'A repeat with the same key and body answers with the result of the first; another body is refused.',
      schema: { type: 'string', minLength: 1, maxLength: 130 },
    }),
    problem(422),
  );
