import { setTimeout as sleep } from 'node:timers/promises';

const PROJECT = 'chaos';
const ANSWER_SECONDS_MAX = 15;
const REPEAT_DELAY_MS = 500;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A caller that repeats a request until it is answered, as any caller would. */
export class RestCaller {
  constructor(
    private readonly http: string,
    /** Fires when there is no more use in repeating. */
    private readonly signal: AbortSignal,
  ) {}

  /** Repeats on a broken connection and on 5xx and 429. @throws when the signal fires. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    for (;;) {
      const answer = await this.callOnce(method, path, body, headers);
      if (answer !== undefined && answer.status < 500 && answer.status !== 429) return answer;
      await sleep(REPEAT_DELAY_MS, undefined, { signal: this.signal });
    }
  }

  private async callOnce(method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>) {
    this.signal.throwIfAborted();
    try {
      const response = await fetch(`${this.http}/v1/projects/${PROJECT}${path}`, {
        method,
        headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
      });
      const read: unknown = await response.json();
      return { status: response.status, body: read };
    } catch {
      return undefined;
    }
  }
}
