import { insertRunningJob, trainResult } from './rows.mjs';

const LEASE_SECONDS = 30;
/** How often a coordinator looks at a job. */
const STEP_MS = 250;
const CLAIMANT = { owner: 'bench', algorithmVersion: 1 };

/** Lets each of `count` workers do its work in turn, all at once. @returns how often a second one was done. */
async function rate(workerCount, count, work) {
  let next = 0;
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: workerCount }, async (_, worker) => {
      for (let turn = next++; turn < count; turn = next++) await work(turn, worker);
    }),
  );
  return (1000 * count) / (performance.now() - startMs);
}

/** The floor: one statement that changes one row by its primary key, on as many connections. */
export async function updatesPerSecond(dataSource, { workerCount, taskCount }) {
  const rows = await dataSource.query(`SELECT id FROM tasks WHERE state = 'succeeded' ORDER BY random() LIMIT $1`, [
    taskCount,
  ]);
  return rate(workerCount, taskCount, (turn) =>
    dataSource.query('UPDATE tasks SET claims = claims + 1 WHERE id = $1', [rows[turn % rows.length].id]),
  );
}

/** A job's trainings from lease to the event of their trials: workers lease and complete, the job's leader settles. */
export async function cyclesPerSecond(queue, { workerCount, taskCount, round }) {
  const scope = `ftj_bench_${round}`;
  const trials = await insertRunningJob(queue, scope, taskCount);
  const leadership = (await queue.leaderships.claim(CLAIMANT, { jobCount: 100, importCount: 0 }, 600)).find(
    (led) => led.scope === scope,
  );
  const startMs = performance.now();
  const worked = rate(workerCount, taskCount, (_, worker) => workOnce(queue, scope, `worker-${worker}`));
  await Promise.all([worked, settleAll(queue, leadership, trials)]);
  const seconds = (performance.now() - startMs) / 1000;
  const [{ count }] = await queue.dataSource.query(`SELECT count(*)::int AS count FROM events WHERE job_id = $1`, [
    scope,
  ]);
  if (count !== taskCount) throw new Error(`${count} events of ${taskCount} trials`);
  await queue.dataSource.transaction((transaction) => queue.leaderships.close(transaction, scope));
  return taskCount / seconds;
}

async function workOnce({ leases }, scope, worker) {
  const task = await leases.lease(scope, worker, LEASE_SECONDS);
  if (task === undefined) throw new Error('there is no task left');
  const lease = { scope, taskId: task.id, fence: task.fence };
  if (!(await leases.complete(lease, { succeeded: { train: trainResult } }))) throw new Error('the lease was lost');
}

/** What a coordinator's steps do about ended trainings. */
async function settleAll({ changes, settlement }, leadership, trials) {
  const evaluation = { fitness: 'MACRO_ACCURACY', lossWeight: 0, seedCount: 1, division: 'FIXED' };
  const open = new Map(trials.map((trial) => [trial.id, trial]));
  while (open.size > 0) {
    const { ends } = await changes.read(leadership.scope);
    const ended = ends.flatMap(({ trialId }) => open.get(trialId) ?? []);
    const { closed } = await settlement.settle({ leadership, job: { spec: { evaluation } } }, ended);
    for (const { id } of closed) open.delete(id);
    await changes.forget(leadership, ends);
    if (ends.length === 0) await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
