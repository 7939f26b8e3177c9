import { DomainError } from '../../domain/errors.js';
import { SAMPLE_COUNT_MAX } from '../issues.js';

/** The number of bad images after which the rest is not checked: the dataset is not what its owner thinks it is. */
export const BAD_IMAGE_COUNT_MAX = 100;

/** The images that cannot be used, collected so that one error names them all. */
export class BadImages {
  private readonly found: { readonly key: string; readonly error: DomainError }[] = [];

  constructor(private readonly imageCount: number) {}

  get isEmpty(): boolean {
    return this.found.length === 0;
  }

  /** @throws {DomainError} as `throwIfAny`, when there are more than 100. */
  add(key: string, error: DomainError): void {
    this.found.push({ key, error });
    if (this.found.length > BAD_IMAGE_COUNT_MAX) this.throwIfAny();
  }

  /** @throws {DomainError} with the reason of the first bad image, naming up to 20 of them. */
  throwIfAny(): void {
    const [first] = this.found;
    if (first === undefined) return;
    const named = this.found.slice(0, SAMPLE_COUNT_MAX);
    const stopped = this.found.length > BAD_IMAGE_COUNT_MAX ? 'at least ' : '';
    const summary = `${stopped}${this.found.length} of ${this.imageCount} images cannot be used`;
    const details = named.map(({ key, error }) => `${key} ${error.message}`).join(' | ');
    throw new DomainError(
      first.error.reason,
      `${summary}: ${details}`,
      {
        ...first.error.metadata,
        key: first.key,
        keys: JSON.stringify(named.map(({ key }) => key)),
        badImageCount: String(this.found.length),
        imageCount: String(this.imageCount),
      },
      { cause: first.error },
    );
  }
}
