import { Injectable } from '@nestjs/common';
import type { BaseModel } from '../../domain/base-model.js';
import type { DatasetVersion } from '../../domain/dataset/dataset.js';
import type { PriorCandidate } from '../../domain/job/earlier-candidate.js';
import type { StoredFineTuneJob } from '../../domain/job/fine-tune-job.js';
import { fineTuneJobName } from '../../domain/resource-names.js';
import { choosePriors } from '../../search/priors.js';
import { EarlierSearchRepository } from '../../storage/postgres/earlier-search.repository.js';

/** Earlier jobs that are looked at, the newest ones. */
const EARLIER_COUNT_MAX = 200;

/** Finds the candidates of earlier jobs that a search begins with. */
@Injectable()
export class Priors {
  constructor(private readonly searches: EarlierSearchRepository) {}

  /**
   * The winners of the project's earlier jobs of the same mode and base model, those first whose data are most like the
   * job's; none where `search.priors` is OFF. Another call may find others, as jobs end meanwhile.
   *
   * @param dataset The job's images, which are imported.
   */
  async find(
    { project, spec }: Pick<StoredFineTuneJob, 'project' | 'spec'>,
    { name, blocks }: Pick<BaseModel, 'name' | 'blocks'>,
    { classes }: Pick<DatasetVersion, 'classes'>,
  ): Promise<PriorCandidate[]> {
    if (spec.search.priors === 'OFF') return [];
    const { mode } = spec.search.biotune;
    const rows = await this.searches.newest({ project, baseModel: name, mode }, EARLIER_COUNT_MAX);
    const here = {
      imageCount: classes.reduce((sum, { imageCount }) => sum + imageCount.train, 0),
      classCount: classes.length,
      imageSizePx: spec.data.imageSizePx,
    };
    const earlier = rows.map(({ jobId, ...found }) => ({ job: fineTuneJobName(project, jobId), ...found }));
    return choosePriors(here, blocks.length, earlier);
  }
}
