import { type DynamicModule, NotFoundException, UnsupportedMediaTypeException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { type Logger, NestLogger } from '../observability/logger.js';
import { DrainingHttpAdapter } from './draining-http-adapter.js';
import { nameRequest } from './request-id.js';

/** The bytes that a caller's request may have, over REST and over gRPC. */
export const REQUEST_BYTES_MAX = 100 * 1024;

const VERBS = new Set(['GET', 'HEAD', 'POST']);

/** Express would answer OPTIONS by itself, and others with a list of what exists. */
function closeVerbs(request: Request, _response: Response, next: NextFunction): void {
  next(VERBS.has(request.method) ? undefined : new NotFoundException());
}

/** Express would hand a body of another type on as none. */
function takeOnlyJson(request: Request, _response: Response, next: NextFunction): void {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  next(hasBody && !request.is('application/json') ? new UnsupportedMediaTypeException() : undefined);
}

/** A Nest application with the limits that every server of ours has; its checks and error answers come with the module. */
export async function createHttpServer(module: DynamicModule, logger: Logger): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(module, new DrainingHttpAdapter(), {
    bodyParser: false,
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.use(nameRequest, helmet(), closeVerbs, takeOnlyJson);
  app.useBodyParser('json', { limit: REQUEST_BYTES_MAX });
  return app;
}
