import { Injectable } from '@nestjs/common';

/** Whether this process still takes work; goes false before a shutdown, so that load balancers look elsewhere. */
@Injectable()
export class Readiness {
  isShuttingDown = false;
}
