/** The time between two signs of a worker that runs. */
const SIGN_MS = 5_000;
/** The number of looks without a sign after which a worker counts as frozen; a busy machine may delay a few. */
const SILENT_LOOK_COUNT_MAX = 12;

/** Sends signs of life to the process that started this one, if it did so with a channel, for as long as this one runs. */
export function reportAlive(): void {
  const send = () => process.connected && process.send?.('alive', () => undefined);
  send();
  setInterval(send, SIGN_MS).unref();
}

/**
 * Watches for the signs of a worker, about a minute long; looks are counted and not seconds, so that a pool that was
 * frozen itself does not blame its workers.
 */
export class LifeWatch {
  private silentLookCount = 0;
  private readonly timer: NodeJS.Timeout;

  /** @param onSilence Called once. */
  constructor(onSilence: () => void) {
    this.timer = setInterval(() => {
      this.silentLookCount += 1;
      if (this.silentLookCount < SILENT_LOOK_COUNT_MAX) return;
      this.end();
      onSilence();
    }, SIGN_MS).unref();
  }

  noteSign(): void {
    this.silentLookCount = 0;
  }

  end(): void {
    clearInterval(this.timer);
  }
}
