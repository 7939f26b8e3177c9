import { constants } from 'node:os';

/** npm passes on a Ctrl-C that the terminal has sent to this process already: two signals within this time are one. */
const SAME_SIGNAL_MS_MAX = 1_000;

/**
 * Resolves when the process is to shut down: by SIGTERM from an orchestrator, by SIGINT from a terminal, or at the end of
 * a parent that started it with a channel to itself. A second signal ends the process at once.
 */
export function shutdownSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        firstAtMs ??= performance.now();
        resolve();
        if (performance.now() - firstAtMs > SAME_SIGNAL_MS_MAX) process.exit(128 + constants.signals[signal]);
      });
    }
    process.once('disconnect', () => resolve());
  });
}
