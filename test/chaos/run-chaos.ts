import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sweepKilledRuns } from '../support/services.js';
import { Cluster, LEASE_SECONDS } from './cluster.js';
import { collectEvidence } from './collect-evidence.js';
import { FaultInjector } from './fault-injector.js';
import { violations } from './invariants.js';
import { jobRequest, uploadImages } from './job-request.js';
import { Load } from './load.js';
import { chaosReport, type ChaosReport } from './report.js';
import { RestCaller } from './rest.js';
import { faultSchedule } from './schedule.js';
import { SmallDisk } from './small-disk.js';
import { TaskObserver } from './task-observer.js';

/** How long a cancelled job may hold a lease: two spells of the schedule may meet. */
const CANCEL_SECONDS_MAX = LEASE_SECONDS + 60;
const JUDGE_SECONDS_MAX = 120;
const SHOW_MS = 1_000;
const FOLDER_PREFIX = 'biotune-chaos-';

export interface ChaosOptions {
  readonly seed: number;
  /** Of faults; the undisturbed job before and the calm after are not counted. */
  readonly disturbedSeconds: number;
  /** Once all faults are over, every job must have ended within this. */
  readonly calmSecondsMax: number;
  /** One line about where the run stands. */
  readonly onProgress: (line: string) => void;
}

/** Disturbs a real cluster by a seed's schedule, lets it come to rest, and judges what it has done. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  SmallDisk.unmountLeftovers();
  await sweepKilledRuns(FOLDER_PREFIX);
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
  chmodSync(folder, 0o711); // as root, Postgres runs as another user
  const cluster = await Cluster.start(folder, options.seed);
  const run = new ChaosRun(cluster, folder, options);
  const [judged] = await Promise.allSettled([run.disturbAndJudge()]);
  const hungCount = await cluster.stop();
  if (judged.status === 'rejected') throw judged.reason;
  const report = { ...judged.value, hungCount };
  if (report.violations.length === 0 && hungCount === 0) rmSync(folder, { recursive: true, force: true });
  return report;
}

/** One cluster, what is done to it, and who watches. */
class ChaosRun {
  private readonly startedAtMs = performance.now();
  private readonly giveUp = new AbortController();
  private readonly observer: TaskObserver;
  private readonly injector: FaultInjector;

  constructor(
    private readonly cluster: Cluster,
    private readonly folder: string,
    private readonly options: ChaosOptions,
  ) {
    this.observer = new TaskObserver(() => cluster.stores.postgresUrl);
    this.injector = new FaultInjector(cluster, (line) => this.log(line));
  }

  async disturbAndJudge(): Promise<Omit<ChaosReport, 'hungCount'>> {
    const { cluster, options } = this;
    const { seed } = options;
    const caller = new RestCaller(cluster.http, this.giveUp.signal);
    const request = jobRequest(await uploadImages(cluster.stores.objectStore));
    const load = new Load(caller, request, seed, (line) => this.log(line));
    const ticker = setInterval(() => this.show(load), SHOW_MS);
    try {
      const referenceJobId = await load.runOne('undisturbed');
      cluster.assertLinksAreUsed();
      let isOver = false;
      const working = load.run(() => isOver).catch((error: unknown) => this.log(`a caller gave up: ${String(error)}`));
      await this.disturb();
      isOver = true;
      await this.calm(working);
      return await this.judge(load, referenceJobId);
    } finally {
      clearInterval(ticker);
      await this.observer.stop();
    }
  }

  private async disturb(): Promise<void> {
    const { seed, disturbedSeconds } = this.options;
    const beganAtMs = performance.now();
    const until = (seconds: number) => sleep(Math.max(0, beganAtMs + seconds * 1000 - performance.now()));
    for (const { atSeconds, fault } of faultSchedule(seed, disturbedSeconds)) {
      await until(atSeconds);
      this.injector.inject(fault);
    }
    await until(disturbedSeconds);
  }

  /** Waits until every job has ended and no lease is held, but not for ever. */
  private async calm(working: Promise<void>): Promise<void> {
    await this.injector.calm();
    this.log('calm');
    const patience = setTimeout(() => this.giveUp.abort(), this.options.calmSecondsMax * 1000);
    await working;
    clearTimeout(patience);
    const deadline = performance.now() + CANCEL_SECONDS_MAX * 1000;
    while (this.observer.heldCount > 0 && performance.now() < deadline) await sleep(500);
    await this.observer.stop();
  }

  private async judge(load: Load, referenceJobId: string): Promise<Omit<ChaosReport, 'hungCount'>> {
    this.log('judging');
    const caller = new RestCaller(this.cluster.http, AbortSignal.timeout(JUDGE_SECONDS_MAX * 1000));
    const evidence = await collectEvidence({ cluster: this.cluster, caller, load, observer: this.observer });
    return chaosReport({
      seed: this.options.seed,
      disturbedSeconds: this.options.disturbedSeconds,
      seconds: this.elapsedSeconds,
      evidence,
      faults: this.injector.counts,
      restartCount: this.cluster.restartCount,
      isDiskSkipped: this.cluster.disks.length === 0,
      violations: violations(evidence, { referenceJobId, cancelSecondsMax: CANCEL_SECONDS_MAX }),
      folder: this.folder,
    });
  }

  private get elapsedSeconds(): number {
    return (performance.now() - this.startedAtMs) / 1000;
  }

  private log(line: string): void {
    appendFileSync(join(this.folder, 'chaos.log'), `${this.elapsedSeconds.toFixed(1)} s ${line}\n`);
  }

  private show({ endedCount }: Load): void {
    const faultCount = Object.values(this.injector.counts).reduce((sum, count) => sum + count, 0);
    const tasks = this.observer.succeededCount;
    const seconds = this.elapsedSeconds.toFixed(0);
    this.options.onProgress(`${seconds} s: ${endedCount} jobs ended, ${tasks} tasks done, ${faultCount} faults`);
  }
}
