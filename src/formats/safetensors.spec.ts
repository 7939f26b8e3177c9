import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DomainError } from '../domain/errors.js';
import { type HostTensor, readSafetensors, writeSafetensors } from './safetensors.js';

const tensor = (shape: number[], ...values: number[]): HostTensor => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from(values),
});

/** A file with this header text and so many bytes of data, however wrong they are together. */
function fileOf(header: string, dataBytes: number, claimedLength = header.length): Uint8Array {
  const file = new Uint8Array(8 + header.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(claimedLength), true);
  file.set(new TextEncoder().encode(header), 8);
  return file;
}

const entry = (begin: number, end: number, shape: string, dtype = 'F32') =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

describe('readSafetensors', () => {
  it('gives back what was written, in order', () => {
    const tensors = new Map([
      ['weight', tensor([2, 1], 1.5, -2)],
      ['0', tensor([], 7)],
      ['empty', tensor([0, 3])],
    ]);
    const read = readSafetensors(writeSafetensors(tensors));
    expect([...read.keys()]).toEqual(['weight', '0', 'empty']);
    expect(read).toEqual(tensors);
  });

  it('reads a file that does not start on a multiple of four bytes', () => {
    const file = writeSafetensors(new Map([['w', tensor([2], 3, 4)]]));
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect([...(readSafetensors(shifted.subarray(1)).get('w')?.data ?? [])]).toEqual([3, 4]);
    expect([...(readSafetensors(Buffer.from(shifted.buffer).subarray(1)).get('w')?.data ?? [])]).toEqual([3, 4]);
  });

  it('reads without copying when the data is aligned', () => {
    const file = writeSafetensors(new Map([['w', tensor([1], 3)]]));
    expect(readSafetensors(file).get('w')?.data.buffer).toBe(file.buffer);
  });

  it('passes over metadata', () => {
    const file = fileOf(`{"__metadata__":{"format":"pt"},"w":${entry(0, 4, '[1]')}}`, 4);
    expect([...readSafetensors(file).keys()]).toEqual(['w']);
  });

  it('writes the pretrained weights back byte for byte, but for their metadata', () => {
    const file = readFileSync('assets/efficientnet-lite0/weights.safetensors');
    const dataStart = 8 + Number(file.readBigUInt64LE(0));
    const header = file
      .toString('utf8', 8, dataStart)
      .replace(/"__metadata__":\{[^}]*\},/, '')
      .trimEnd();
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    const written = writeSafetensors(readSafetensors(file));
    expect(Buffer.compare(written, Buffer.concat([fileOf(padded, 0), file.subarray(dataStart)]))).toBe(0);
  });

  it.each([
    ['a file of seven bytes', new Uint8Array(7), 'too short'],
    ['a header longer than the file', fileOf('{}', 0, 1_000), 'longer than it can be'],
    ['a header longer than 2^53', fileOf('{}', 0, Number.MAX_SAFE_INTEGER), 'longer than it can be'],
    ['text that is not JSON', fileOf('{"w":', 0), 'not JSON'],
    ['a list for a header', fileOf('[]', 0), 'not an object'],
    ['an unknown dtype', fileOf(`{"w":${entry(0, 2, '[1]', 'F16')}}`, 2), 'tensor w: the dtype'],
    ['a shape that is not the size', fileOf(`{"w":${entry(0, 4, '[2]')}}`, 4), 'does not fit the shape'],
    ['a negative dimension', fileOf(`{"w":${entry(0, 4, '[-1,-1]')}}`, 4), 'the shape is malformed'],
    ['a range that runs backwards', fileOf(`{"w":${entry(4, 0, '[1]')}}`, 4), 'the byte range is malformed'],
    ['a range beyond the file', fileOf(`{"w":${entry(0, 8, '[2]')}}`, 4), 'ends after the file'],
    [
      'ranges that overlap',
      fileOf(`{"a":${entry(0, 8, '[2]')},"b":${entry(4, 8, '[1]')}}`, 8),
      'tensor b: the byte range overlaps',
    ],
    ['a hole', fileOf(`{"a":${entry(0, 4, '[1]')},"b":${entry(8, 12, '[1]')}}`, 12), 'hole'],
    ['bytes after the last tensor', fileOf(`{"a":${entry(0, 4, '[1]')}}`, 8), 'after the last tensor'],
    ['a name given twice', fileOf(`{"a":${entry(0, 4, '[1]')}, "\\u0061" :${entry(0, 4, '[1,1]')}}`, 4), 'given twice'],
  ])('refuses %s', (_, file, message) => {
    expect(() => readSafetensors(file)).toThrow(DomainError);
    expect(() => readSafetensors(file)).toThrow(message);
  });

  it('names the tensor, what it found and what it expected', () => {
    const file = fileOf(`{"w":${entry(0, 4, '[2]')}}`, 4);
    expect(() => readSafetensors(file)).toThrow(
      expect.objectContaining({
        reason: 'WEIGHTS_INVALID',
        metadata: { tensor: 'w', found: '4 bytes', expected: '8 bytes' },
      }),
    );
  });
});
