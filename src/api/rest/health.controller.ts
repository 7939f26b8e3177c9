import { Controller, Get, Injectable, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { z } from 'zod';
import { HealthService } from '../../storage/health.service.js';

/** Whether this process still takes work; goes false before a shutdown, so that load balancers look elsewhere. */
@Injectable()
export class Readiness {
  isShuttingDown = false;
}

const readinessSchema = z
  .strictObject({
    ready: z.boolean().describe('Whether the process can serve.'),
    database: z.boolean().describe('Whether the database answers.'),
    objectStore: z.boolean().describe('Whether the object storage answers.'),
    shuttingDown: z.boolean().describe('Whether the process is ending.'),
  })
  .meta({ id: 'Readiness', description: 'Whether this process can serve, and what it waits for.' });

const livenessSchema = z
  .strictObject({ alive: z.literal(true).describe('Always true: a process that does not run gives no answer.') })
  .meta({ id: 'Liveness', description: 'Whether this process runs.' });

@ApiTags('Health')
@Controller('healthz')
export class HealthController {
  constructor(
    private readonly health: HealthService,
    private readonly readiness: Readiness,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process answers at all.' })
  @ApiResponse({ status: 200, description: 'It does.', standardSchema: livenessSchema })
  live(): z.infer<typeof livenessSchema> {
    return { alive: true };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether the process can serve; 503 says what is down.' })
  @ApiResponse({ status: 200, description: 'It can.', standardSchema: readinessSchema })
  @ApiResponse({ status: 503, description: 'It cannot.', standardSchema: readinessSchema })
  async ready(@Res({ passthrough: true }) response: Response): Promise<z.infer<typeof readinessSchema>> {
    const { database, objectStore } = await this.health.check();
    const shuttingDown = this.readiness.isShuttingDown;
    const ready = database && objectStore && !shuttingDown;
    response.status(ready ? 200 : 503);
    return { ready, database, objectStore, shuttingDown };
  }
}
