import { cancelUnfinished } from './cancel-unfinished.mjs';
import { createRest } from './rest.mjs';
import { startService } from './service.mjs';

/**
 * Works with a service of its own, and stops all that was started: at the end, after an error, and when interrupted, which
 * ends this process.
 *
 * @template T
 * @param {{ root: string, dataDir: string, project: string }} settings
 * @param {(service: { http: string, s3: object, rest: ReturnType<typeof createRest> }) => Promise<T>} work `rest` is
 *   below the project.
 * @returns {Promise<T | undefined>} what `work` gave; undefined after an error, which is shown and sets the exit code.
 */
export async function withService({ root, dataDir, project }, work) {
  const service = startService(root, dataDir);
  let isInterrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (isInterrupted) return;
      isInterrupted = true;
      console.log('\nStopping everything that was started …');
      void service.stop().then(() => process.exit(130));
    });
  }
  try {
    const { http, s3 } = await service.ready;
    const rest = createRest(`${http}/v1/projects/${project}`);
    await cancelUnfinished(rest);
    const outcome = await work({ http, s3, rest });
    await service.stop();
    return outcome;
  } catch (error) {
    // What fails because the service is being stopped is no news.
    if (isInterrupted) return undefined;
    await service.stop();
    console.error(`\n${error instanceof Error ? error.message : String(error)}\n${service.lastLogLines()}`);
    process.exitCode = 1;
    return undefined;
  }
}
