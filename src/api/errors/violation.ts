import { z } from 'zod';
import type { FieldViolation } from '../../domain/errors.js';

/** What is wrong with one field, in words that stay stable. */
export const VIOLATION_REASONS = [
  'REQUIRED',
  'UNKNOWN_FIELD',
  'WRONG_TYPE',
  'OUT_OF_RANGE',
  'NOT_ALLOWED',
  'BAD_FORMAT',
  'RULE_BROKEN',
] as const;
export type ViolationReason = (typeof VIOLATION_REASONS)[number];

/** One refused field of a request. */
export interface RequestViolation extends FieldViolation {
  readonly reason: ViolationReason;
  /** The bad value, its field's name and its bounds: every changing word of the message. */
  readonly metadata: Readonly<Record<string, string>>;
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];
type Finding = Pick<RequestViolation, 'reason' | 'message'> & { readonly bounds?: Readonly<Record<string, string>> };

const VALUE_LENGTH_MAX = 100;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  number: 'a finite number',
  int: 'an integer',
  string: 'text',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  record: 'an object',
};

/** RFC 6901. */
export const pointerTo = (path: Path): string =>
  path.map((part) => `/${clip(String(part)).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/**
 * Says what an issue of zod means for the caller: one violation, or one for each unknown field.
 *
 * @param request The value that was checked; messages repeat what it held at the issue's path.
 * @param root Where `request` stands in what the caller sent.
 */
export function violationsOf(issue: Issue, request: unknown, root: Path): RequestViolation[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      violation([...root, ...issue.path, key], undefined, { reason: 'UNKNOWN_FIELD', message: 'is not a known field' }),
    );
  }
  const literals = issue.code === 'invalid_union' ? literalsOf(issue) : undefined;
  if (issue.code === 'invalid_union' && literals === undefined) {
    const inner = closestBranch(issue.errors);
    const within = valueAt(request, issue.path);
    if (inner.length > 0) return inner.flatMap((nested) => violationsOf(nested, within, [...root, ...issue.path]));
  }
  const value = valueAt(request, issue.path);
  return [violation([...root, ...issue.path], value, literals ?? finding(issue, value))];
}

function violation(path: Path, value: unknown, { reason, message, bounds = {} }: Finding): RequestViolation {
  const shown = show(value);
  const said = shown === undefined || !message.startsWith('must') ? message : `${message}, but is ${shown}`;
  const field = clip(String(path.at(-1) ?? 'request'));
  return {
    pointer: pointerTo(path),
    reason,
    message: said,
    metadata: { ...(shown !== undefined && { [field]: shown }), ...bounds },
  };
}

function finding(issue: Issue, value: unknown): Finding {
  const own = issue.message.startsWith('must') ? issue.message : undefined;
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return { reason: 'REQUIRED', message: 'is required' };
      return { reason: 'WRONG_TYPE', message: `must be ${TYPE_NAMES[issue.expected] ?? `a ${issue.expected}`}` };
    case 'too_small':
      return outOfRange(issue.inclusive === false ? 'more than' : 'at least', 'minimum', issue.minimum, issue.origin);
    case 'too_big':
      return outOfRange(issue.inclusive === false ? 'less than' : 'at most', 'maximum', issue.maximum, issue.origin);
    case 'invalid_value':
      return { reason: 'NOT_ALLOWED', message: `must be one of ${issue.values.map(String).join(', ')}` };
    case 'invalid_format':
      return { reason: 'BAD_FORMAT', message: own ?? `must look like ${issue.pattern ?? issue.format}` };
    case 'invalid_key':
      return { reason: 'BAD_FORMAT', message: 'has a key that is empty, too long or not text' };
    case 'custom':
      return custom(issue, value);
    default:
      return { reason: 'RULE_BROKEN', message: own ?? 'is not valid' };
  }
}

function custom({ message, params = {} }: z.core.$ZodIssueCustom, value: unknown): Finding {
  const named = Object.entries(params).filter(([key]) => key !== 'reason');
  const bounds = Object.fromEntries(named.map(([key, bound]) => [key, String(bound)]));
  return { reason: typeof value === 'number' ? 'OUT_OF_RANGE' : 'RULE_BROKEN', message, bounds };
}

function outOfRange(relation: string, name: string, bound: number | bigint, origin: string): Finding {
  const unit = { string: ' characters', array: ' items', record: ' entries' }[origin] ?? '';
  const verb = unit === '' ? 'be' : 'have';
  return {
    reason: 'OUT_OF_RANGE',
    message: `must ${verb} ${relation} ${bound}${unit}`,
    bounds: { [name]: `${bound}` },
  };
}

/** A union of constants reads as a list of what is allowed. */
function literalsOf({ errors }: z.core.$ZodIssueInvalidUnion): Finding | undefined {
  const values = errors.map(([first, ...others]) =>
    first?.code === 'invalid_value' && first.path.length === 0 && others.length === 0 ? first.values : [],
  );
  if (values.length === 0 || values.some((branch) => branch.length === 0)) return undefined;
  return { reason: 'NOT_ALLOWED', message: `must be one of ${values.flat().map(String).join(', ')}` };
}

/** The branch of a union that the caller most likely meant: the one whose member names fit. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const strangers = (branch: readonly Issue[]) =>
    branch.filter(({ code, path }) => code === 'unrecognized_keys' && path.length === 0).length;
  return [...branches].sort((a, b) => strangers(a) - strangers(b) || a.length - b.length)[0] ?? [];
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, part) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, part) ? Reflect.get(at, part) : undefined,
    value,
  );
}

/** A value as the message repeats it; nothing for objects and arrays, which may be large. */
function show(value: unknown): string | undefined {
  if (typeof value === 'string') return clip(JSON.stringify(value));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === null ? 'null' : undefined;
}

const clip = (text: string) => (text.length <= VALUE_LENGTH_MAX ? text : `${text.slice(0, VALUE_LENGTH_MAX)}…`);
