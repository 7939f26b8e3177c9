import { DomainError } from '../../domain/errors.js';
import type { NetworkDefinition } from '../../networks/network.js';
import type { LabelledImages } from './image-batches.js';

/**
 * Refuses images that a network cannot take.
 *
 * @throws {DomainError} INPUT_TOO_SMALL, or FIELD_INVALID when there are none, or a label is outside the classes.
 */
export function checkImages(images: LabelledImages, network: NetworkDefinition, classCount: number): void {
  const { labels, sizePx } = images;
  const { architecture, inputSizePxMin } = network;
  if (sizePx < inputSizePxMin) {
    throw new DomainError('INPUT_TOO_SMALL', `${architecture} takes ${inputSizePxMin} px or more, not ${sizePx} px`, {
      architecture,
      sizePx: String(sizePx),
      inputSizePxMin: String(inputSizePxMin),
    });
  }
  if (labels.length === 0) throw fieldInvalid('images', 'at least one', 'none');
  const outside = labels.find((label) => label < 0 || label >= classCount);
  if (outside !== undefined) throw fieldInvalid('labels', `0 to ${classCount - 1}`, String(outside));
}

function fieldInvalid(field: string, expected: string, found: string): DomainError {
  return new DomainError('FIELD_INVALID', `${field}: expected ${expected}, found ${found}`, { field, expected, found });
}
