import type { BiotuneConfig } from '../domain/fine-tune-job.js';
import { generationSize } from '../search/biotune.js';

/** Trainings of a search that can run at the same time: a SEQUENTIAL one waits for each child before the next. */
export function trainingCountAtOnce(biotune: BiotuneConfig): number {
  const trialCount = biotune.reproduction === 'SEQUENTIAL' ? 1 : generationSize(biotune, 1);
  return trialCount * biotune.seedCount;
}
