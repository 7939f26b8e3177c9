import { DomainError } from '../../domain/errors.js';
import { compareCodeUnits } from '../compare-code-units.js';
import { SAMPLE_COUNT_MAX } from '../issues.js';

/**
 * Control characters, those that change the direction or join of letters or have no width, halves of a surrogate pair, and
 * line separators: a name with one looks like another name, or not at all as it is.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Class names as folders spell them, in the one spelling that is compared and shown: Unicode's NFC. */
export class ClassNames {
  private readonly spellings = new Map<string, Set<string>>();

  /** The name of a class folder, in NFC. */
  read(folder: string): string {
    const label = folder.normalize('NFC');
    const spellings = this.spellings.get(label);
    if (spellings === undefined) this.spellings.set(label, new Set([folder]));
    else spellings.add(folder);
    return label;
  }

  /** @throws {DomainError} DATASET_INVALID for names with unseen characters, and for names that differ in their code points alone. */
  check(base: string): void {
    const labels = [...this.spellings.keys()].sort(compareCodeUnits);
    const unseen = labels.filter((label) => label.search(UNSEEN) >= 0);
    if (unseen.length > 0) {
      const named = unseen.slice(0, SAMPLE_COUNT_MAX).map((label) => `"${escaped(label)}" (${codePoints(label)})`);
      throw refused(
        `${unseen.length} class folders below "${base}" have characters that cannot be seen in their names: ${listed(named, unseen)}; rename them`,
        unseen,
      );
    }
    const twins = labels.filter((label) => (this.spellings.get(label)?.size ?? 0) > 1);
    if (twins.length === 0) return;
    const named = twins
      .slice(0, SAMPLE_COUNT_MAX)
      .map(
        (label) =>
          `"${label}" as ${[...(this.spellings.get(label) ?? [])].sort(compareCodeUnits).map(spelled).join(' and ')}`,
      );
    throw refused(
      `${twins.length} class names below "${base}" are spelled in several ways that look the same: ${listed(named, twins)}; ` +
        'move the images of each into one folder, best named in Unicode NFC',
      twins,
    );
  }
}

function refused(message: string, labels: readonly string[]): DomainError {
  const classes = labels.slice(0, SAMPLE_COUNT_MAX).map(escaped).join(', ');
  return new DomainError('DATASET_INVALID', message, { classes, classCount: String(labels.length) });
}

const listed = (named: readonly string[], all: readonly unknown[]): string =>
  named.join(', ') + (all.length > named.length ? ` and ${all.length - named.length} more` : '');

const codePoint = (character: string): string => (character.codePointAt(0) ?? 0).toString(16).toUpperCase();

/** The unseen characters of a name, each once. */
const codePoints = (label: string): string =>
  [...new Set(label.match(UNSEEN) ?? [])].map((character) => `U+${codePoint(character).padStart(4, '0')}`).join(', ');

/** A name that can be read, and pasted into JavaScript: unseen characters as their code points. */
const escaped = (label: string): string => label.replace(UNSEEN, (character) => `\\u{${codePoint(character)}}`);

/** A name with everything beyond ASCII as code points. */
const spelled = (folder: string): string =>
  `"${Array.from(folder, (character) => (character > '~' ? `\\u{${codePoint(character)}}` : character)).join('')}"`;
