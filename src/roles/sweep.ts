import { NestFactory } from '@nestjs/core';
import { readConfig, sweepConfigSchema } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { createLogger, NestLogger } from '../observability/logger.js';
import { StorageModule } from '../storage/storage.module.js';
import { Sweep } from '../tasks/sweep.js';
import { SweepModule } from '../tasks/sweep.module.js';
import { SweepTotals } from '../tasks/swept.js';

const DRY_RUN = '--dry-run';

/**
 * Sweeps once, now, and prints what it deletes as lines of JSON, the totals last. With `--dry-run` it prints the same and
 * deletes nothing.
 *
 * @returns the exit code: 2 for arguments that mean nothing.
 */
export async function run(args: readonly string[]): Promise<number> {
  const isDryRun = args.includes(DRY_RUN);
  if (args.some((arg) => arg !== DRY_RUN)) {
    process.stderr.write(`usage: node . sweep [${DRY_RUN}]\n`);
    return 2;
  }
  const config = readConfig(sweepConfigSchema);
  const logger = createLogger('sweep', config.LOG_LEVEL);
  const module = { module: SweepModule, imports: [ConfigModule.forRoot(config), StorageModule] };
  const app = await NestFactory.createApplicationContext(module, { logger: new NestLogger(logger) });
  try {
    const sweep = app.get(Sweep);
    const totals = new SweepTotals();
    for await (const swept of sweep.run(isDryRun)) {
      totals.add(swept);
      print({ ...swept, isDryRun });
    }
    print({ kind: 'TOTAL', ...totals.fields, isDryRun });
    if (!(await sweep.takesObjects())) {
      logger.warn(
        { blobAgeHours: config.SWEEP_BLOB_AGE_HOURS },
        'no objects were swept: this bucket has no mark of that age',
      );
    }
    return 0;
  } finally {
    await app.close();
  }
}

const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
