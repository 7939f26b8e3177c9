import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { HealthService } from '../../storage/health.service.js';
import { Readiness } from '../readiness.js';
import { type Liveness, livenessSchema, type ReadinessAnswer, readinessSchema } from './health-answers.js';

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
  live(): Liveness {
    return { alive: true };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether the process can serve; 503 tells what is down.' })
  @ApiResponse({ status: 200, description: 'It can.', standardSchema: readinessSchema })
  @ApiResponse({ status: 503, description: 'It cannot.', standardSchema: readinessSchema })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadinessAnswer> {
    const { database, objectStore } = await this.health.check();
    const shuttingDown = this.readiness.isShuttingDown;
    const ready = database && objectStore && !shuttingDown;
    response.status(ready ? 200 : 503);
    return { ready, database, objectStore, shuttingDown };
  }
}
