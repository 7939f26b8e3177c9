import { DomainError } from '../../domain/errors.js';
import { type Tensor, tf } from '../device/backend.js';

/** What a step's report belongs to. */
export interface StepPlace {
  /** The epoch, from 1. */
  readonly epoch: number;
  /** The step within the epoch, from 1. */
  readonly step: number;
  readonly learningRate: number;
  readonly exampleCount: number;
}

/** The number of reports that are read at a time: a device that works ahead is not made to wait after each step. */
const PENDING_COUNT_MAX = 32;

/** The reports of an epoch's steps, which stay on the device until some have come together. */
export class StepReports {
  private pending: { readonly report: Tensor; readonly place: StepPlace }[] = [];
  private lossSum = 0;
  private exampleCount = 0;

  /** @param segmentIds Names of the segments, in the reports' order. */
  constructor(private readonly segmentIds: readonly string[]) {}

  /**
   * Takes over what `trainStep` returned.
   *
   * @throws {DomainError} NAN_LOSS of the first step whose loss is not finite; names the block where that began.
   */
  add(report: Tensor, place: StepPlace): void {
    this.pending.push({ report, place });
    if (this.pending.length >= PENDING_COUNT_MAX) this.read();
  }

  /** The mean loss over all examples so far. @throws {DomainError} NAN_LOSS, as `add`. */
  meanLoss(): number {
    this.read();
    return this.lossSum / this.exampleCount;
  }

  dispose(): void {
    tf.dispose(this.pending.map(({ report }) => report));
    this.pending = [];
  }

  private read(): void {
    const { pending } = this;
    if (pending.length === 0) return;
    const all = tf.tidy(() => tf.stack(pending.map(({ report }) => report)).dataSync<'float32'>());
    this.dispose();
    const length = this.segmentIds.length + 1;
    pending.forEach(({ place }, index) => {
      const [loss = NaN, ...means] = all.subarray(index * length, (index + 1) * length);
      if (!Number.isFinite(loss)) throw this.notFinite(loss, means, place);
      this.lossSum += loss * place.exampleCount;
      this.exampleCount += place.exampleCount;
    });
  }

  private notFinite(loss: number, means: readonly number[], { epoch, step, learningRate }: StepPlace): DomainError {
    const block = this.segmentIds[means.findIndex((mean) => !Number.isFinite(mean))];
    const where = block === undefined ? '' : `; the output of block ${block} is the first that is not finite`;
    return new DomainError(
      'NAN_LOSS',
      `the loss is ${loss} in epoch ${epoch}, step ${step}, at rate ${learningRate}${where}`,
      {
        loss: String(loss),
        epoch: String(epoch),
        step: String(step),
        learningRate: String(learningRate),
        ...(block !== undefined && { block }),
      },
    );
  }
}
