/** A link works for 15 minutes; one is taken only while most of that is left. */
const LINK_MS_MAX = 5 * 60_000;
/** Links kept at most: of what is signed ahead, some belongs to another split and is not wanted for long. */
const LINK_COUNT_MAX = 1024;

interface Link {
  readonly url: string;
  readonly signedAtMs: number;
}

/** Links to the objects of an import: signed many at a time, used once, never old, and never many. */
export class SourceLinks {
  /** Oldest first. */
  private readonly links = new Map<string, Link>();
  private signing: Promise<void> | undefined;

  /** @param linksOf Gives the links of keys, in their order. */
  constructor(private readonly linksOf: (keys: readonly string[]) => Promise<readonly string[]>) {}

  /**
   * The link of a key; another one each time.
   *
   * @param ahead Gives the key, first, and those that will be wanted soon: they are signed with it.
   */
  async take(key: string, ahead: () => readonly string[]): Promise<string> {
    for (;;) {
      const link = this.links.get(key);
      this.links.delete(key);
      if (link !== undefined && performance.now() - link.signedAtMs < LINK_MS_MAX) return link.url;
      // Others may wait for the same batch: sign one at a time, and look again.
      if (this.signing === undefined) await this.sign(ahead());
      else await this.signing;
    }
  }

  private async sign(keys: readonly string[]): Promise<void> {
    this.signing = this.store(keys).finally(() => (this.signing = undefined));
    await this.signing;
  }

  private async store(keys: readonly string[]): Promise<void> {
    const signedAtMs = performance.now();
    const urls = await this.linksOf(keys);
    if (urls.length !== keys.length) throw new Error(`expected ${keys.length} links, got ${urls.length}`);
    urls.forEach((url, index) => {
      const key = keys[index] ?? '';
      this.links.delete(key);
      this.links.set(key, { url, signedAtMs });
    });
    for (const key of this.links.keys()) {
      if (this.links.size <= LINK_COUNT_MAX) return;
      this.links.delete(key);
    }
  }
}
