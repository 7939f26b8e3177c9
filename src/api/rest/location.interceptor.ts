import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { map, type Observable } from 'rxjs';

/** Sets `Location` to where the thing that was just made can be read: a resource's name is its path below `/v1/`. */
export class LocationInterceptor implements NestInterceptor<{ readonly name: string }> {
  intercept(
    context: ExecutionContext,
    next: CallHandler<{ readonly name: string }>,
  ): Observable<{ readonly name: string }> {
    const response = context.switchToHttp().getResponse<Response>();
    return next.handle().pipe(
      map((made) => {
        response.location(`/v1/${made.name}`);
        return made;
      }),
    );
  }
}
