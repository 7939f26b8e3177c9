import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageDefinition } from '@grpc/proto-loader';
import { protoFolder } from '../../config/proto.js';

/**
 * The schema of our services as callers may ask for it, from the compiled form of `proto/` (`buf build`).
 *
 * The loader's own descriptors would not do: they name the entries of a map after its field alone, and clients that
 * check the rule (grpcurl does) refuse the whole file.
 */
export function reflectedDescriptors(): PackageDefinition {
  const fileDescriptorProtos = splitFiles(readFileSync(join(protoFolder, 'descriptors.binpb')));
  // Reflection reads the files from any definition that carries them.
  return {
    files: { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos } as never,
  };
}

/** Cuts a FileDescriptorSet: its only field, number 1, is repeated and length-delimited. */
function splitFiles(set: Buffer): Buffer[] {
  const files: Buffer[] = [];
  let offset = 0;
  while (offset < set.length) {
    if (set[offset] !== 0x0a) throw new Error(`proto/descriptors.binpb has another field at byte ${offset}`);
    let length = 0;
    let shift = 0;
    let byte: number;
    do {
      offset += 1;
      byte = set[offset] ?? 0;
      length += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte >= 0x80);
    offset += 1;
    files.push(set.subarray(offset, offset + length));
    offset += length;
  }
  return files;
}
