/**
 * Resolves when the process is told to go: SIGTERM from an orchestrator, SIGINT from a terminal, or the end of a parent
 * that started it with a channel to itself.
 */
export function toldToGo(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    process.once('disconnect', () => resolve());
  });
}
