import { Metadata } from '@grpc/grpc-js';
import { type CanActivate, createParamDecorator, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { verifyWorkerToken } from '../../tasks/worker-token.js';

/** Injection token of the key that worker tokens are signed with. */
export const WORKER_TOKEN_SECRET = Symbol('WORKER_TOKEN_SECRET');

/** The scope that each call's token was good for; calls are forgotten with their metadata. */
const scopes = new WeakMap<object, string>();

const metadataOf = (context: ExecutionContext): Metadata => {
  const metadata: unknown = context.switchToRpc().getContext();
  if (metadata instanceof Metadata) return metadata;
  throw new Error('a worker token can only be read from a gRPC call');
};

/** Lets in calls with a token of this coordinator, before anything of the message is looked at. */
@Injectable()
export class WorkerTokenGuard implements CanActivate {
  constructor(@Inject(WORKER_TOKEN_SECRET) private readonly secret: string) {}

  /** @throws {DomainError} WORKER_TOKEN_INVALID */
  canActivate(context: ExecutionContext): boolean {
    const metadata = metadataOf(context);
    const [header] = metadata.get('authorization');
    const token = typeof header === 'string' ? /^Bearer (\S+)$/i.exec(header)?.[1] : undefined;
    scopes.set(metadata, verifyWorkerToken(this.secret, token));
    return true;
  }
}

/** The scope that the caller may work in. */
export const WorkerScope = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const scope = scopes.get(metadataOf(context));
  if (scope === undefined) throw new Error('WorkerScope is read on a method without WorkerTokenGuard');
  return scope;
});
