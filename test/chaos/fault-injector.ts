import type { Toxics } from '../support/toxic-proxy.js';
import { sendSignal } from '../../src/embedded/process-table.js';
import type { Cluster } from './cluster.js';
import { stopProcess } from './processes.js';
import { describeFault, type Fault, type LinkName } from './schedule.js';

/** How often each kind of fault has happened. */
export type FaultCounts = Readonly<Record<string, number>>;

/** Does to a cluster what a schedule says, and can put an end to all of it. */
export class FaultInjector {
  private readonly countByFault = new Map<string, number>();
  /** Ends of spells that still last. */
  private readonly ends = new Set<() => void>();
  private readonly toxics = new Map<LinkName, Set<Toxics>>();
  private instant: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly cluster: Cluster,
    private readonly log: (line: string) => void,
  ) {}

  get counts(): FaultCounts {
    return Object.fromEntries([...this.countByFault].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Begins a fault; its spell ends by itself. One that finds nothing to hit is skipped. */
  inject(fault: Fault): void {
    const isDone = this.begin(fault);
    this.log(`${describeFault(fault)}${isDone ? '' : ' (skipped: nothing there)'}`);
    const name =
      fault.kind === 'TOXIC' ? fault.toxic : 'target' in fault ? `${fault.kind} ${fault.target}` : fault.kind;
    if (isDone) this.countByFault.set(name, (this.countByFault.get(name) ?? 0) + 1);
  }

  /** Ends every spell at once, and resolves when Postgres is back. */
  async calm(): Promise<void> {
    for (const end of this.ends) end();
    await this.instant;
  }

  /** @returns whether there was something to hit. */
  private begin(fault: Fault): boolean {
    const { stores } = this.cluster;
    switch (fault.kind) {
      case 'KILL':
      case 'STOP': {
        const pids = this.cluster.pidsOf(fault.target);
        const pid = pids[Math.floor(fault.pick * pids.length)];
        if (pid === undefined) return false;
        if (fault.kind === 'STOP') this.spell(fault.seconds, stopProcess(pid));
        else sendSignal(pid, 'SIGKILL');
        return true;
      }
      case 'TOXIC':
        this.spell(fault.seconds, this.poison(fault.link, fault.toxics));
        return true;
      case 'POSTGRES_RESTART':
        this.instant = stores.restartPostgres();
        return true;
      case 'POSTGRES_CHILD_KILL':
        return stores.killPostgresChild(fault.pick);
      case 'STORE_BUSY':
        stores.busyStore.busyness = 'SLOW_DOWN';
        this.spell(fault.seconds, () => (stores.busyStore.busyness = undefined));
        return true;
      case 'DISK_FULL': {
        const disk = this.cluster.disks[Math.floor(fault.pick * this.cluster.disks.length)];
        if (disk === undefined) return false;
        this.spell(fault.seconds, disk.fill());
        return true;
      }
    }
  }

  /** Several spells on one link add up. @returns what ends this one. */
  private poison(link: LinkName, toxics: Toxics): () => void {
    const present = this.toxics.get(link) ?? new Set();
    this.toxics.set(link, present);
    const show = () => this.cluster.link(link).set(Object.assign({}, ...present) as Toxics);
    present.add(toxics);
    show();
    return () => {
      present.delete(toxics);
      show();
    };
  }

  private spell(seconds: number, undo: () => void): void {
    const end = () => {
      clearTimeout(timer);
      if (this.ends.delete(end)) undo();
    };
    const timer = setTimeout(end, seconds * 1000);
    this.ends.add(end);
  }
}
