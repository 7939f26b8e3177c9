import { randomStream, type RandomStream } from '../../src/random/random-stream.js';
import type { Toxics } from '../support/toxic-proxy.js';

/** Whom a signal goes to; which of several is said by `pick`. */
export const TARGETS = ['api', 'coordinator', 'worker', 'trainer'] as const;
export type Target = (typeof TARGETS)[number];

/** Connections that go through a proxy. Workers reach the store by links of their coordinator's, so they share its proxy. */
export const LINKS = [
  'api-postgres',
  'coordinator0-postgres',
  'coordinator1-postgres',
  'api-store',
  'coordinator0-store',
  'coordinator1-store',
  'workers0-gateway',
  'workers1-gateway',
] as const;
export type LinkName = (typeof LINKS)[number];

export const TOXIC_KINDS = ['LATENCY', 'RESETS', 'SILENCE', 'TRUNCATION', 'FLIP'] as const;
export type ToxicKind = (typeof TOXIC_KINDS)[number];

/** One thing that goes wrong. `pick` in [0, 1) chooses among those that there are when it happens. */
export type Fault =
  | { readonly kind: 'KILL'; readonly target: Target; readonly pick: number }
  | { readonly kind: 'STOP'; readonly target: Target; readonly pick: number; readonly seconds: number }
  | { readonly kind: 'POSTGRES_RESTART' }
  | { readonly kind: 'POSTGRES_CHILD_KILL'; readonly pick: number }
  | {
      readonly kind: 'TOXIC';
      readonly toxic: ToxicKind;
      readonly link: LinkName;
      readonly toxics: Toxics;
      readonly seconds: number;
    }
  | { readonly kind: 'STORE_BUSY'; readonly seconds: number }
  | { readonly kind: 'DISK_FULL'; readonly pick: number; readonly seconds: number };

export interface ScheduledFault {
  /** From the start of the disturbed time. */
  readonly atSeconds: number;
  readonly fault: Fault;
}

const GAP_SECONDS = { min: 2, max: 7 } as const;
const STOP_SECONDS = { min: 1, max: 40 } as const;
const SPELL_SECONDS = { min: 2, max: 20 } as const;

/** Numbers as a schedule wants them. */
class Draws {
  /** @param secondsMax No spell is longer. */
  constructor(
    readonly unit: RandomStream,
    private readonly secondsMax: number,
  ) {}

  between(min: number, max: number): number {
    return min + (max - min) * this.unit();
  }

  integer(min: number, max: number): number {
    return Math.floor(this.between(min, max + 1));
  }

  seconds({ min, max }: { readonly min: number; readonly max: number }): number {
    return Math.min(this.secondsMax, Number(this.between(min, max).toFixed(1)));
  }

  oneOf<T>(choices: readonly T[]): T {
    const chosen = choices[this.integer(0, choices.length - 1)];
    if (chosen === undefined) throw new Error('nothing to choose from');
    return chosen;
  }
}

const STORE_LINKS = LINKS.filter((link) => link.endsWith('-store'));

/** A bit that is flipped on the way to Postgres or the gateway would be TCP's to find: only the store's links have it. */
const LINKS_OF: Readonly<Record<ToxicKind, readonly LinkName[]>> = {
  LATENCY: LINKS,
  RESETS: LINKS,
  SILENCE: LINKS,
  TRUNCATION: LINKS,
  FLIP: STORE_LINKS,
};

const TOXICS_OF: Readonly<Record<ToxicKind, (draws: Draws) => Toxics>> = {
  LATENCY: (draws) => ({ latencyMs: draws.integer(50, 2000) }),
  RESETS: (draws) => ({ resetChance: draws.between(0.05, 1) }),
  SILENCE: () => ({ isSilent: true }),
  TRUNCATION: (draws) => ({ answerBytesMax: draws.integer(100, 20_000) }),
  // Beyond the head of an answer, so that it is bytes of an object that change.
  FLIP: (draws) => ({ flippedByte: draws.integer(600, 20_000) }),
};

const toxic =
  (kind: ToxicKind) =>
  (draws: Draws): Fault => ({
    kind: 'TOXIC',
    toxic: kind,
    link: draws.oneOf(LINKS_OF[kind]),
    toxics: TOXICS_OF[kind](draws),
    seconds: draws.seconds(SPELL_SECONDS),
  });

/** Every kind of fault once; dealt out in an order of its own each time, so that also a short run sees most of them. */
const DECK: readonly ((draws: Draws) => Fault)[] = [
  ...TARGETS.map((target) => (draws: Draws): Fault => ({ kind: 'KILL', target, pick: draws.unit() })),
  ...TARGETS.map((target) => (draws: Draws): Fault => ({
    kind: 'STOP',
    target,
    pick: draws.unit(),
    seconds: draws.seconds(STOP_SECONDS),
  })),
  ...TOXIC_KINDS.map(toxic),
  () => ({ kind: 'POSTGRES_RESTART' }),
  (draws) => ({ kind: 'POSTGRES_CHILD_KILL', pick: draws.unit() }),
  (draws) => ({ kind: 'STORE_BUSY', seconds: draws.seconds(SPELL_SECONDS) }),
  (draws) => ({ kind: 'DISK_FULL', pick: draws.unit(), seconds: draws.seconds(SPELL_SECONDS) }),
];

/** What goes wrong and when; the same for the same arguments. No spell is longer than a third of the whole. */
export function faultSchedule(seed: number, totalSeconds: number): ScheduledFault[] {
  const draws = new Draws(randomStream(`chaos/${seed}/faults`), totalSeconds / 3);
  const schedule: ScheduledFault[] = [];
  let deck: typeof DECK = [];
  for (
    let atSeconds = draws.between(0, GAP_SECONDS.min);
    atSeconds < totalSeconds;
    atSeconds += draws.between(GAP_SECONDS.min, GAP_SECONDS.max)
  ) {
    if (deck.length === 0) deck = shuffled(DECK, draws);
    const [deal, ...rest] = deck;
    deck = rest;
    if (deal !== undefined) schedule.push({ atSeconds: Number(atSeconds.toFixed(1)), fault: deal(draws) });
  }
  return schedule;
}

function shuffled<T>(things: readonly T[], draws: Draws): T[] {
  return things
    .map((thing) => ({ thing, rank: draws.unit() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ thing }) => thing);
}

/** A fault in a few words. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'KILL':
      return `kill -9 of ${fault.target}`;
    case 'STOP':
      return `${fault.target} stopped for ${fault.seconds} s`;
    case 'TOXIC':
      return `${fault.toxic} ${JSON.stringify(fault.toxics)} on ${fault.link} for ${fault.seconds} s`;
    case 'POSTGRES_RESTART':
      return 'immediate restart of Postgres';
    case 'POSTGRES_CHILD_KILL':
      return 'kill -9 of a process of Postgres';
    case 'STORE_BUSY':
      return `store answers 503 for ${fault.seconds} s`;
    case 'DISK_FULL':
      return `disk of workers full for ${fault.seconds} s`;
  }
}
