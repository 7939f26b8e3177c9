import { DomainError } from '../domain/errors.js';

/** A tensor in memory of this process, row-major. */
export interface HostTensor {
  readonly dtype: 'F32';
  /** Empty for a scalar. */
  readonly shape: readonly number[];
  /** The values, as many as the product of `shape`; may be a view of a larger buffer. */
  readonly data: Float32Array;
}

/** What the format's reference implementation allows; a longer header is an attack or a mistake. */
const HEADER_BYTES_MAX = 100_000_000;
const LENGTH_BYTES = 8;
const METADATA_KEY = '__metadata__';

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file: every tensor under its name, in the order of the header.
 *
 * @param bytes The whole file. It must not be changed while the tensors are in use: they are views of it, not copies,
 *   unless its data section does not start on a multiple of four bytes of the underlying buffer.
 * @throws {DomainError} WEIGHTS_INVALID when the header lies in any way: length, JSON, dtype, shape against byte count,
 *   a name given twice, ranges that overlap, leave holes or end beyond or before the file. Only F32 is known.
 * @see https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(bytes: Uint8Array): ReadonlyMap<string, HostTensor> {
  const headerBytes = headerLength(bytes);
  const text = new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + headerBytes));
  const dataStart = LENGTH_BYTES + headerBytes;
  const entries = parseHeader(text);
  checkRanges(entries, bytes.length - dataStart);
  const start = bytes.byteOffset + dataStart;
  const isAligned = start % 4 === 0;
  // Not slice: a Buffer's is a view.
  const buffer = isAligned ? bytes.buffer : new Uint8Array(bytes.subarray(dataStart)).buffer;
  const base = isAligned ? start : 0;
  return new Map(
    entries.map(({ name, shape, begin, end }) => [
      name,
      { dtype: 'F32', shape, data: new Float32Array(buffer, base + begin, (end - begin) / 4) },
    ]),
  );
}

/**
 * Writes tensors as a safetensors file; the same tensors in the same order give the same bytes.
 *
 * @param tensors Order is kept, in the header and in the data.
 */
export function writeSafetensors(tensors: ReadonlyMap<string, HostTensor>): Uint8Array {
  let offset = 0;
  // Joined by hand: an object would move names such as "0" to the front.
  const fields = Array.from(tensors, ([name, { dtype, shape, data }]) => {
    const data_offsets = [offset, (offset += data.byteLength)];
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets })}`;
  });
  const unpadded = new TextEncoder().encode(`{${fields.join(',')}}`);
  const headerBytes = Math.ceil(unpadded.length / 8) * 8;
  const file = new Uint8Array(LENGTH_BYTES + headerBytes + offset).fill(0x20, 0, LENGTH_BYTES + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(unpadded, LENGTH_BYTES);
  let position = LENGTH_BYTES + headerBytes;
  for (const { data } of tensors.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_BYTES) throw invalid('the file is too short', '', `${bytes.length} bytes`, 'at least 8');
  const claimed = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const lengthMax = Math.min(HEADER_BYTES_MAX, bytes.length - LENGTH_BYTES);
  if (claimed > BigInt(lengthMax)) {
    throw invalid('the header is longer than it can be', '', `${claimed} bytes`, `at most ${lengthMax}`);
  }
  return Number(claimed);
}

function parseHeader(text: string): Entry[] {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw invalid('the header is not JSON', '', text.slice(0, 40), 'a JSON object', { cause });
  }
  if (!isRecord(header)) throw invalid('the header is not an object', '', text.slice(0, 40), 'a JSON object');
  const entries: Entry[] = [];
  const seen = new Set<string>();
  for (const name of topLevelKeys(text)) {
    if (seen.has(name)) throw invalid('the name is given twice', name, 'two entries', 'one entry');
    seen.add(name);
    if (name !== METADATA_KEY) entries.push(parseEntry(name, header[name]));
  }
  return entries;
}

/** The keys of a valid JSON object as they are written: parsed objects hide repeats and reorder names such as "0". */
function topLevelKeys(json: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (const { 0: token } of json.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1 && token.endsWith(':')) keys.push(String(JSON.parse(token.slice(0, -1))));
  }
  return keys;
}

function parseEntry(name: string, value: unknown): Entry {
  if (!isRecord(value)) throw invalid('the entry is not an object', name, JSON.stringify(value), 'an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype !== 'F32') throw invalid('the dtype is not supported', name, JSON.stringify(dtype), 'F32');
  if (!isCounts(shape)) throw invalid('the shape is malformed', name, JSON.stringify(shape), 'a list of counts');
  const [begin, end] = isCounts(offsets) && offsets.length === 2 ? offsets : [];
  if (begin === undefined || end === undefined || begin > end) {
    throw invalid('the byte range is malformed', name, JSON.stringify(offsets), '[begin, end]');
  }
  const byteCount = shape.reduce((product, length) => product * length, 4);
  if (end - begin !== byteCount) {
    throw invalid('the byte range does not fit the shape', name, `${end - begin} bytes`, `${byteCount} bytes`);
  }
  return { name, shape, begin, end };
}

function checkRanges(entries: readonly Entry[], dataBytes: number): void {
  let position = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position) {
      const fault = begin < position ? 'the byte range overlaps another' : 'there is a hole before the byte range';
      throw invalid(fault, name, `begin ${begin}`, `begin ${position}`);
    }
    if (end > dataBytes) throw invalid('the byte range ends after the file', name, `${end}`, `at most ${dataBytes}`);
    position = end;
  }
  if (position !== dataBytes) {
    throw invalid('there are bytes after the last tensor', '', `${dataBytes} bytes`, `${position} bytes`);
  }
}

function invalid(fault: string, tensor: string, found: string, expected: string, options?: ErrorOptions): DomainError {
  const subject = tensor === '' ? 'safetensors file' : `tensor ${tensor}`;
  return new DomainError(
    'WEIGHTS_INVALID',
    `${subject}: ${fault}: found ${found}, expected ${expected}`,
    { tensor, found, expected },
    options,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
