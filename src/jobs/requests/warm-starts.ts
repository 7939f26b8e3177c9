import { Injectable } from '@nestjs/common';
import type { BaseModel } from '../../domain/base-model.js';
import { DomainError } from '../../domain/errors.js';
import type { CreateFineTuneJob } from '../../domain/job/create-fine-tune-job.js';
import type { FineTuneJobSpec, StoredFineTuneJob } from '../../domain/job/fine-tune-job.js';
import type { Genome } from '../../domain/job/genome.js';
import { searchWinner } from '../../domain/job/job-result.js';
import { genomeOf, type StoredTrial } from '../../domain/job/trial.js';
import { parseFineTuneJobName } from '../../domain/resource-names.js';
import { SEARCH_MODES } from '../../methods/search-modes.js';
import { FineTuneJobRepository } from '../../storage/postgres/fine-tune-job.repository.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';

/** Makes the error that refuses one name of `search.warmStartFrom`. */
type Refuse = (message: string) => DomainError;

/** Reads what the jobs that a request names in `search.warmStartFrom` have found. */
@Injectable()
export class WarmStarts {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
  ) {}

  /**
   * The best genomes of the named jobs; in ACCELERATED, whose candidates are multipliers, their best multipliers.
   *
   * @throws {DomainError} FIELD_INVALID for a job that is not of the project, has another base model, has found nothing yet,
   *   or whose candidates are no genomes where genomes are searched for.
   */
  async of(
    project: string,
    { warmStartFrom, biotune }: Pick<CreateFineTuneJob['search'], 'warmStartFrom' | 'biotune'>,
    model: BaseModel,
  ): Promise<Pick<FineTuneJobSpec, 'warmStartGenomes' | 'warmStartCandidates'>> {
    const named = await Promise.all(
      warmStartFrom.map(async (name, index) => {
        const refuse = refuserOf(name, index);
        return { name, refuse, job: await this.job(project, name, model, refuse) };
      }),
    );
    if (SEARCH_MODES[biotune.mode].algorithm !== 'ACCELERATED') {
      const genomes = await Promise.all(named.map((each) => this.bestGenome(each)));
      return { warmStartGenomes: genomes, warmStartCandidates: [] };
    }
    const candidates = await Promise.all(
      named.map(async (each) => ({ job: each.name, lrMultipliers: await this.bestMultipliers(each) })),
    );
    return { warmStartGenomes: [], warmStartCandidates: candidates };
  }

  private async job(project: string, name: string, model: BaseModel, refuse: Refuse): Promise<StoredFineTuneJob> {
    const named = parseFineTuneJobName(name);
    const job = named?.project === project ? await this.jobs.find(project, named.job) : undefined;
    if (job === undefined) throw refuse(`there is no ${name} in project ${project}`);
    if (job.spec.baseModel === model.name) return job;
    throw refuse(
      `${name} has base model ${job.spec.baseModel}; this job has ${model.name}, and candidates go by its blocks`,
    );
  }

  /** What the job chose on all its data, not what was best on one slice; that where it has not chosen yet. */
  private async bestMultipliers({ name, job, refuse }: Named): Promise<readonly number[]> {
    const winner = job.result && searchWinner(job.result);
    return winner ?? (await this.bestTrial({ name, job, refuse })).lrMultipliers;
  }

  /** The genome of the same. */
  private async bestGenome({ name, job, refuse }: Named): Promise<Genome> {
    if (job.result?.genome !== undefined) return job.result.genome;
    const genome = genomeOf(await this.bestTrial({ name, job, refuse }));
    if (genome !== undefined) return genome;
    const { mode } = job.spec.search.biotune;
    throw refuse(
      `${name} was searched in mode ${mode}, whose candidates are no genomes: set search.biotune.mode to it, or leave the job out`,
    );
  }

  private async bestTrial({ name, job, refuse }: Named): Promise<StoredTrial> {
    const [best] = await this.trials.best([job.id]);
    if (best !== undefined) return best;
    throw refuse(`${name} has no completed trial of a search yet: wait for one, or leave it out`);
  }
}

/** A job that a request names. */
interface Named {
  readonly name: string;
  readonly job: StoredFineTuneJob;
  readonly refuse: Refuse;
}

const refuserOf =
  (name: string, index: number): Refuse =>
  (message) => {
    const violations = [{ pointer: `/search/warmStartFrom/${index}`, message }];
    return new DomainError('FIELD_INVALID', `search.warmStartFrom: ${message}.`, { job: name }, { violations });
  };
