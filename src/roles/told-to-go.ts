import { constants } from 'node:os';

/** npm hands a Ctrl-C on that the terminal has told this process already: two signals within this time are one. */
const SAME_SIGNAL_MS_MAX = 1_000;

/**
 * Resolves when the process is told to go: SIGTERM from an orchestrator, SIGINT from a terminal, or the end of a parent
 * that started it with a channel to itself. Told once more by a signal, the process ends at once.
 */
export function toldToGo(): Promise<void> {
  return new Promise((resolve) => {
    let toldAtMs: number | undefined;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        toldAtMs ??= performance.now();
        resolve();
        if (performance.now() - toldAtMs > SAME_SIGNAL_MS_MAX) process.exit(128 + constants.signals[signal]);
      });
    }
    process.once('disconnect', () => resolve());
  });
}
