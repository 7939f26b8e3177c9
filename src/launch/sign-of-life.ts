/** Between two signs of a worker that runs. */
const SIGN_MS = 5_000;
/** Looks without a sign in between after which a worker counts as frozen; a busy machine may delay a few. */
const SILENT_LOOK_COUNT_MAX = 12;

/** Tells the process that started this one, if it did so with a channel, that this one runs, for as long as it does. */
export function showLife(): void {
  const show = () => process.connected && process.send?.('alive', () => undefined);
  show();
  setInterval(show, SIGN_MS).unref();
}

/**
 * Watches for the signs of a worker, about a minute long; looks are counted and not seconds, so that a pool that was
 * frozen itself does not blame its workers.
 */
export class LifeWatch {
  #silentLookCount = 0;
  readonly #timer: NodeJS.Timeout;

  /** @param onSilence Called once. */
  constructor(onSilence: () => void) {
    this.#timer = setInterval(() => {
      this.#silentLookCount += 1;
      if (this.#silentLookCount < SILENT_LOOK_COUNT_MAX) return;
      this.end();
      onSilence();
    }, SIGN_MS).unref();
  }

  noteSign(): void {
    this.#silentLookCount = 0;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
