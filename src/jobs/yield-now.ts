/** Lets whatever else waits in this process run. */
export const yieldNow = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
