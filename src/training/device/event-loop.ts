/** Lets the process receive messages and run timers between two steps: TensorFlow's work is synchronous. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
