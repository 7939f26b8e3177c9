import { Metadata } from '@grpc/grpc-js';
import { type CanActivate, createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import { WorkerTokens, type WorkerTokenClaims } from '../../tasks/worker-token.js';

/** What each call's token says, and the one that takes its place; calls are forgotten with their metadata. */
const passes = new WeakMap<object, WorkerTokenClaims & { readonly renewed: string | undefined }>();

const metadataOf = (context: ExecutionContext): Metadata => {
  const metadata: unknown = context.switchToRpc().getContext();
  if (metadata instanceof Metadata) return metadata;
  throw new Error('a worker token can only be read from a gRPC call');
};

/** Lets in calls with a token of this coordinator, before anything of the message is looked at. */
@Injectable()
export class WorkerTokenGuard implements CanActivate {
  constructor(private readonly tokens: WorkerTokens) {}

  /** @throws {DomainError} WORKER_TOKEN_INVALID when the call has no token of this coordinator, or an old one. */
  canActivate(context: ExecutionContext): boolean {
    const metadata = metadataOf(context);
    const [header] = metadata.get('authorization');
    const token = typeof header === 'string' ? /^Bearer (\S+)$/i.exec(header)?.[1] : undefined;
    const claims = this.tokens.verify(token);
    passes.set(metadata, { ...claims, renewed: this.tokens.renew(claims) });
    return true;
  }
}

function passOf(context: ExecutionContext) {
  const pass = passes.get(metadataOf(context));
  if (pass === undefined) throw new Error('a worker token is read on a method without WorkerTokenGuard');
  return pass;
}

/** The scope that the caller may work in. */
export const WorkerScope = createParamDecorator((_: unknown, context: ExecutionContext) => passOf(context).scope);

/** The token that the caller is to use from now on; empty while its own lasts. */
export const TokenRenewal = createParamDecorator((_: unknown, context: ExecutionContext): TokenRenewal => {
  const { renewed } = passOf(context);
  return renewed === undefined ? {} : { workerToken: renewed };
});
export interface TokenRenewal {
  readonly workerToken?: string;
}
