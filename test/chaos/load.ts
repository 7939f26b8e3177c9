import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { randomStream } from '../../src/random/random-stream.js';
import type { Evidence } from './evidence.js';
import type { RestCaller } from './rest.js';

const POLL_MS = 1_000;
const LANE_COUNT = 2;
const REPEAT_CHANCE = 0.5;
const CANCEL_CHANCE = 0.2;
const CANCEL_SECONDS = { min: 1, max: 15 } as const;

const jobSchema = z.object({ id: z.string(), state: z.string(), done: z.boolean() });

/** Callers that ask for one job after the other, two at a time; some repeat themselves, some change their mind. */
export class Load {
  readonly answers: Evidence['answers'][number][] = [];
  readonly cancelAsked = new Set<string>();
  /** Jobs that a caller has seen the end of. */
  endedCount = 0;
  private jobCount = 0;

  constructor(
    private readonly caller: RestCaller,
    private readonly request: object,
    private readonly seed: number,
    private readonly log: (line: string) => void,
  ) {}

  /** Begins jobs until it is over, and resolves when all have ended. @throws what the caller throws when it gives up. */
  async run(isOver: () => boolean): Promise<void> {
    const lane = async () => {
      while (!isOver()) await this.runJob((this.jobCount += 1));
    };
    await Promise.all(Array.from({ length: LANE_COUNT }, lane));
  }

  /** One job, which nobody cancels, from its request to its end. @returns its id. */
  async runOne(key: string): Promise<string> {
    const id = await this.create(key);
    await this.waitForEnd(id);
    return id;
  }

  private async runJob(number: number): Promise<void> {
    const draw = randomStream(`chaos/${this.seed}/job/${number}`);
    const key = `chaos-${this.seed}-${number}`;
    const isRepeated = draw() < REPEAT_CHANCE;
    const isCancelled = draw() < CANCEL_CHANCE;
    const cancelSeconds = CANCEL_SECONDS.min + (CANCEL_SECONDS.max - CANCEL_SECONDS.min) * draw();
    const [id = ''] = await Promise.all(Array.from({ length: isRepeated ? 2 : 1 }, () => this.create(key)));
    if (isCancelled) await Promise.all([this.cancelAfter(id, cancelSeconds), this.waitForEnd(id)]);
    else await this.waitForEnd(id);
  }

  /** @throws {Error} when the request is refused. */
  private async create(key: string): Promise<string> {
    const answer = await this.caller.call('POST', '/fineTuneJobs', this.request, { 'idempotency-key': key });
    if (answer.status !== 201) throw new Error(`${key} was refused: ${JSON.stringify(answer)}`);
    const { id } = jobSchema.parse(answer.body);
    this.answers.push({ key, jobId: id });
    this.log(`${id} accepted for ${key}`);
    return id;
  }

  private async cancelAfter(id: string, seconds: number): Promise<void> {
    await sleep(seconds * 1000);
    this.cancelAsked.add(id);
    await this.caller.call('POST', `/fineTuneJobs/${id}/cancel`);
    this.log(`${id} told to cancel`);
  }

  private async waitForEnd(id: string): Promise<void> {
    for (;;) {
      const { body } = await this.caller.call('GET', `/fineTuneJobs/${id}`);
      const job = jobSchema.safeParse(body);
      if (job.data?.done === true) {
        this.endedCount += 1;
        this.log(`${id} ended ${job.data.state}`);
        return;
      }
      await sleep(POLL_MS);
    }
  }
}
