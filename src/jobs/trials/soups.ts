import { Injectable } from '@nestjs/common';
import { withSettings } from '../../domain/job/candidate-settings.js';
import { groupBy } from '../../domain/group-by.js';
import type { NewTrial, StoredTrial } from '../../domain/job/trial.js';
import type { TrainResult } from '../../domain/task.js';
import { SEARCH_METHOD, SOUP_METHOD } from '../../methods/method-table.js';
import type { FinalModel } from '../../report/finalist.js';
import { phenotypeKey } from '../../search/equal-trials.js';
import { placeOf } from '../../search/history.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Training } from '../../storage/postgres/training-parts.js';
import type { Transaction } from '../../storage/postgres/transaction.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { type Candidate, rankedTrials, trainingSeeds } from './candidates.js';
import { divisionOf } from './divisions.js';
import { type JobContext, soupSpec } from '../job-context.js';

/** One finalist whose models soups may have in them. */
interface Member {
  readonly trialId: string;
  /** By the seed of the training. */
  readonly results: ReadonlyMap<number, TrainResult>;
}

/** The soups of a job, one for each seed of SELECTION: the means of the finalists' models that were trained with it. */
@Injectable()
export class Soups {
  constructor(
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
  ) {}

  /**
   * Prepares the soups of the search's finalists, as one trial of FINALS.
   *
   * @param best The finalist that was chosen of the search; it is the first member.
   * @returns what inserts them; it inserts nothing where fewer than two finalists could be trained.
   */
  async prepare(
    context: JobContext,
    best: Candidate,
    slot: number,
  ): Promise<(transaction: Transaction) => Promise<void>> {
    const members = await this.members(context, best);
    if (members.length < 2) return () => Promise.resolve();
    const place = { phase: 'FINALS', generation: 0, slot, method: SOUP_METHOD } as const;
    const trial: NewTrial = { ...best, ...place, origin: 'FINAL' };
    const specs = trainingSeeds('SELECTION', context.job.spec.finals.seedCount).map((seed, index) => {
      const weights = members.flatMap(({ results }) => results.get(seed)?.weights ?? []);
      const soup = { ...trial, weights, ...divisionOf(context, 'SELECTION', index) };
      return { seed, soup };
    });
    return async (transaction) => {
      const [stored] = await this.trials.insertAll(transaction, context.job.id, [trial]);
      if (stored === undefined) throw new Error(`the soup has no trial in ${placeOf(trial)}`);
      const tasks = specs.map(({ seed, soup }) => ({
        scope: context.job.id,
        key: `final/${SOUP_METHOD}/${placeOf(trial)}/${seed}`,
        trialId: stored.id,
        seed,
        spec: { soup: soupSpec(context, soup) },
      }));
      await this.tasks.insert(transaction, tasks);
    };
  }

  /**
   * The models of the soups that were made. Each costs what making it took, for its members were trained to choose among them; the
   * parameters that learn are those of its best member.
   */
  async models(context: JobContext, trial: StoredTrial, soups: readonly Training[]): Promise<FinalModel[]> {
    const members = await this.members(context, trial);
    return soups.flatMap(({ seed, result }): FinalModel[] => {
      if (result === undefined || !('soup' in result)) return [];
      const { tries, soupSeconds: _seconds, ...soup } = result.soup;
      const asked = members.filter(({ results }) => results.has(seed));
      const best = asked[0]?.results.get(seed);
      if (best === undefined) throw new Error(`the soup of seed ${seed} has no members`);
      const joined = new Set(tries.filter(({ hasJoined }) => hasJoined).map(({ memberIndex }) => memberIndex));
      const soupMembers = asked.filter((_, index) => index === 0 || joined.has(index)).map(({ trialId }) => trialId);
      const { trainedParameterCount, totalParameterCount } = best;
      return [{ seed, training: { ...soup, trainedParameterCount, totalParameterCount }, soupMembers }];
    });
  }

  /** The finalists of the search that see images of one size, the best first, then by their fitness. */
  private async members({ job }: JobContext, best: Pick<Candidate, 'lrMultipliers' | 'settings'>): Promise<Member[]> {
    const selected = rankedTrials(await this.trials.list(job.id, 'SELECTION'), SEARCH_METHOD);
    const sizePxOf = ({ settings }: Pick<Candidate, 'settings'>) => withSettings(job.spec, settings).data.imageSizePx;
    const isBest = (trial: StoredTrial) => phenotypeKey(trial) === phenotypeKey(best);
    const members = selected
      .filter((trial) => sizePxOf(trial) === sizePxOf(best))
      .sort((a, b) => Number(isBest(b)) - Number(isBest(a)));
    const trainings = groupBy(await this.trials.trainings(members.map(({ id }) => id)), ({ trialId }) => trialId);
    return members.map(({ id }) => ({ trialId: id, results: resultsOf(trainings.get(id) ?? []) }));
  }
}

const resultsOf = (trainings: readonly Training[]): Member['results'] =>
  new Map(trainings.flatMap(({ seed, result }) => (result && 'train' in result ? [[seed, result.train]] : [])));
