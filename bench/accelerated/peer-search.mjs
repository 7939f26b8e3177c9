import { startOptuna } from './optuna.mjs';
import { requestOfCandidates } from './job-request.mjs';
import { bestOf, withTried } from './peer-unit.mjs';
import { runJob, tryCandidate } from './run-job.mjs';

/** The candidates that every search of an accelerated job hands to the choice among the best. */
const FINALIST_COUNT = 3;

/**
 * A search from outside the service: it says what to try, the engine tries it through the API, until as many
 * multiply-accumulates are spent as the accelerated search had. The best go through the same choice and the same finals.
 *
 * @param request Of the accelerated search, whose seed is also the peer's.
 * @param {number} budget Multiply-accumulates of the candidates of the accelerated search.
 * @param {number} blockCount
 * @param service As `runJob` takes it.
 */
export async function peerSearch(request, budget, blockCount, service) {
  const peer = await startOptuna(request.search.seed, blockCount);
  const tried = [];
  try {
    for (let spent = 0; spent < budget; spent += tried.at(-1).multiplyAccumulates) {
      const lrMultipliers = await peer.ask();
      const single = { ...request, finals: { finalistCount: 1, seedCount: 1 } };
      const found = await tryCandidate(requestOfCandidates(single, [lrMultipliers]), service);
      await peer.tell(found.fitness);
      tried.push({ lrMultipliers, ...found });
      console.log(`candidate ${tried.length}: fitness ${found.fitness.toFixed(4)}`);
    }
  } finally {
    await peer.stop();
  }
  const best = bestOf(tried, FINALIST_COUNT);
  const { unit, reports } = await runJob(requestOfCandidates(request, best), service);
  return { unit: withTried(unit, tried), reports };
}
