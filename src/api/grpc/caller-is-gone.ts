import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** Whether the caller has given up on the call: its answer reaches nobody. */
export type IsGone = () => boolean;

/** Gives a gRPC method the means to ask, at any time while it runs, whether its caller is gone. */
export const CallerIsGone = createParamDecorator((_: unknown, context: ExecutionContext): IsGone => {
  const call: unknown = context.getArgByIndex(2);
  if (typeof call !== 'object' || call === null || !('cancelled' in call)) throw new Error('this is not a gRPC call');
  return () => call.cancelled === true;
});
