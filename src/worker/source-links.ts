/** A link works for 15 minutes; one is taken only while most of that is left. */
const LINK_MS_MAX = 5 * 60_000;

interface Link {
  readonly url: string;
  readonly signedAtMs: number;
}

/** Links to the objects of an import: signed many at a time, used once, and never old. */
export class SourceLinks {
  readonly #links = new Map<string, Link>();
  #signing: Promise<void> | undefined;

  /** @param sign Gives the links of keys, in their order. */
  constructor(private readonly sign: (keys: readonly string[]) => Promise<readonly string[]>) {}

  /**
   * The link of a key.
   *
   * @param ahead The key and those that will be wanted soon: they are signed with it.
   */
  async take(key: string, ahead: readonly string[]): Promise<string> {
    for (;;) {
      const link = this.#links.get(key);
      if (link !== undefined && performance.now() - link.signedAtMs < LINK_MS_MAX) {
        this.#links.delete(key);
        return link.url;
      }
      // Others may wait for the same batch: sign one at a time, and look again.
      if (this.#signing === undefined) await this.#sign(ahead);
      else await this.#signing;
    }
  }

  async #sign(keys: readonly string[]): Promise<void> {
    this.#signing = this.#store(keys).finally(() => (this.#signing = undefined));
    await this.#signing;
  }

  async #store(keys: readonly string[]): Promise<void> {
    const signedAtMs = performance.now();
    const urls = await this.sign(keys);
    keys.forEach((key, index) => {
      const url = urls[index];
      if (url !== undefined) this.#links.set(key, { url, signedAtMs });
    });
  }
}
