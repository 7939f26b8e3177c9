import type { TrainedStage } from './trained-stage.js';

const BYTES_MAX = 64 * 1024 ** 2;

/**
 * Heads that trainings began with, in this process's memory, for the trainings to come. When there is no more room, those
 * that were used longest ago go first.
 */
export class SharedHeads {
  /** The longest unused first. */
  private readonly heads = new Map<string, TrainedStage>();

  /** @param bytesMax So many bytes of weights are kept at most; a head that is larger is not kept. */
  constructor(private readonly bytesMax = BYTES_MAX) {}

  /** @param key The key that `keep` was given. */
  find(key: string): TrainedStage | undefined {
    const head = this.heads.get(key);
    if (head === undefined) return undefined;
    this.heads.delete(key);
    this.heads.set(key, head);
    return head;
  }

  /**
   * Keeps a head, whose weights nobody changes afterwards.
   *
   * @param key Says all that the head and its metrics follow from.
   */
  keep(key: string, head: TrainedStage): void {
    if (bytesOf(head) > this.bytesMax) return;
    this.heads.delete(key);
    this.heads.set(key, head);
    let bytes = this.bytes;
    for (const [oldest, dropped] of this.heads) {
      if (bytes <= this.bytesMax) break;
      this.heads.delete(oldest);
      bytes -= bytesOf(dropped);
    }
  }

  /** The bytes of the weights that are kept. */
  get bytes(): number {
    return [...this.heads.values()].reduce((sum, head) => sum + bytesOf(head), 0);
  }
}

const bytesOf = ({ bestWeights }: TrainedStage): number =>
  [...bestWeights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
