import { DomainError } from '../domain/errors.js';
import type { NetworkDefinition } from '../networks/network.js';
import type { LabelledImages } from './image-batches.js';

/**
 * Refuses images that a network cannot take.
 *
 * @throws DomainError INPUT_TOO_SMALL, or FIELD_INVALID when bytes, labels and class count do not fit together.
 */
export function checkImages(images: LabelledImages, network: NetworkDefinition, classCount: number): void {
  const { pixels, labels, sizePx } = images;
  const { architecture, minInputSizePx } = network;
  if (sizePx < minInputSizePx) {
    throw new DomainError('INPUT_TOO_SMALL', `${architecture} takes ${minInputSizePx} px or more, not ${sizePx} px`, {
      architecture,
      sizePx: String(sizePx),
      minInputSizePx: String(minInputSizePx),
    });
  }
  const expected = labels.length * sizePx * sizePx * 3;
  if (labels.length === 0 || pixels.length !== expected) {
    throw fieldInvalid(`${labels.length} images of ${sizePx} px`, `${expected} bytes`, `${pixels.length} bytes`);
  }
  const outside = labels.find((label) => label < 0 || label >= classCount);
  if (outside !== undefined) throw fieldInvalid('labels', `0 to ${classCount - 1}`, String(outside));
}

function fieldInvalid(field: string, expected: string, found: string): DomainError {
  return new DomainError('FIELD_INVALID', `${field}: expected ${expected}, found ${found}`, { field, expected, found });
}
