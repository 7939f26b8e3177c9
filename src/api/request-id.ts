import type { NextFunction, Request, Response } from 'express';
import { ulid } from 'ulid';

export const REQUEST_ID_HEADER = 'x-request-id';

const SAFE = /^[A-Za-z0-9._:-]{1,128}$/;

/** The caller's request id when it is safe to repeat and to log, else a new one. */
export const acceptedRequestId = (given: unknown): string =>
  typeof given === 'string' && SAFE.test(given) ? given : `req_${ulid()}`;

/** Gives each request an id, which the answer's header repeats. */
export function nameRequest(request: Request, response: Response, next: NextFunction): void {
  response.setHeader(REQUEST_ID_HEADER, acceptedRequestId(request.headers[REQUEST_ID_HEADER]));
  next();
}

/** The id that `nameRequest` gave. */
export const requestIdOf = (response: Response): string => String(response.getHeader(REQUEST_ID_HEADER));
