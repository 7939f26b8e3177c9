import type { TrainSpec } from '../../domain/task.js';
import { type DividedImages, divideImages } from '../../datasets/splits/divide-images.js';
import { foldIndices } from '../../datasets/splits/folds.js';
import type { SplitFile } from '../trainer-protocol.js';

/** The images of a training, by their splits in the dataset. */
export interface SplitFiles {
  readonly train: SplitFile;
  readonly validation: SplitFile;
}

/**
 * The images that a training trains on, and those that it validates on: a fold of the dataset's own division, one part
 * and all others of its images divided anew, or all images and none.
 *
 * @returns places among the images of train, followed by those of validation.
 * @throws {RangeError} for a division or a retraining of a fold, for both together, and as `foldIndices` and `divideImages` do.
 */
export function trainingSides(
  { train, validation }: SplitFiles,
  { fold, foldCount, division, retraining }: Pick<TrainSpec, 'fold' | 'foldCount' | 'division' | 'retraining'>,
): DividedImages {
  const trainCount = train.labels.length;
  const behindTrain = (places: Int32Array) => places.map((place) => place + trainCount);
  if (retraining !== undefined) {
    if (division !== undefined || foldCount !== 1)
      throw new RangeError('a retraining has all images: no fold, no division');
    return {
      train: Int32Array.from({ length: trainCount + validation.labels.length }, (_, place) => place),
      validation: new Int32Array(),
    };
  }
  if (division === undefined) {
    return {
      train: Int32Array.from(foldIndices(train.labels, foldCount, fold)),
      validation: behindTrain(Int32Array.from(foldIndices(validation.labels, foldCount, fold))),
    };
  }
  if (foldCount !== 1) throw new RangeError(`all images are divided anew, not fold ${fold} of ${foldCount}`);
  const all = {
    labels: joined(train.labels, validation.labels),
    firstCopies: joined(train.firstCopies, behindTrain(validation.firstCopies)),
  };
  return divideImages(all, division);
}

/** One list behind the other; a million images are too many for arguments. */
export function joined(first: Int32Array, second: Int32Array): Int32Array<ArrayBuffer> {
  const all = new Int32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
