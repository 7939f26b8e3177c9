import { Metadata } from '@grpc/grpc-js';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { Request, Response } from 'express';
import { type Observable, throwError } from 'rxjs';
import { LOGGER, type Logger } from '../../observability/logger.js';
import { acceptedRequestId, REQUEST_ID_HEADER, requestIdOf } from '../request-id.js';
import { PROBLEM_MEDIA_TYPE, problemOf } from './problem.js';
import { type Refusal, refusalOf } from './refusal.js';
import { rpcStatusOf } from './rpc-status.js';

/** Answers everything that is thrown, in the form of the transport that the request came by; logs what is our fault. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(exception: unknown, host: ArgumentsHost): Observable<never> | undefined {
    const refusal = refusalOf(exception);
    if (host.getType() === 'rpc') return this.answerRpc(exception, refusal, host);
    this.answerHttp(exception, refusal, host);
    return undefined;
  }

  private answerHttp(exception: unknown, refusal: Refusal, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const id = requestIdOf(response);
    this.log(exception, refusal, id);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const [path = ''] = request.originalUrl.split('?');
    response.status(refusal.httpStatus).type(PROBLEM_MEDIA_TYPE);
    response.send(JSON.stringify(problemOf(refusal, { path, id })));
  }

  private answerRpc(exception: unknown, refusal: Refusal, host: ArgumentsHost): Observable<never> {
    const metadata: unknown = host.switchToRpc().getContext();
    const given = metadata instanceof Metadata ? metadata.get(REQUEST_ID_HEADER)[0] : undefined;
    const id = acceptedRequestId(given);
    this.log(exception, refusal, id);
    return throwError(() => rpcStatusOf(refusal, id));
  }

  private log(exception: unknown, { reason, httpStatus }: Refusal, requestId: string): void {
    if (httpStatus >= 500) this.logger.error({ requestId, reason, err: exception }, 'request failed');
    else this.logger.debug({ requestId, reason }, 'request refused');
  }
}
