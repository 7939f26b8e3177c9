import type { MetricValue } from '../../wire/biotune/v1/worker.js';

export interface MetricReporterSettings {
  readonly send: (values: readonly MetricValue[]) => Promise<void>;
  /** Called once, when values cannot be delivered: the training has lost its reader. */
  readonly onFailure: (error: unknown) => void;
}

/** Sends metric values in order, one call at a time; what comes meanwhile goes with the next call. */
export class MetricReporter {
  private waiting: MetricValue[] = [];
  private sending: Promise<void> | undefined;

  constructor(private readonly settings: MetricReporterSettings) {}

  report(values: readonly MetricValue[]): void {
    this.waiting.push(...values);
    this.sending ??= this.drain();
  }

  /** Resolves when everything is sent, or has failed. */
  async flush(): Promise<void> {
    await this.sending;
  }

  private async drain(): Promise<void> {
    try {
      while (this.waiting.length > 0) await this.settings.send(this.waiting.splice(0));
      this.sending = undefined;
    } catch (error) {
      this.settings.onFailure(error);
    }
  }
}
