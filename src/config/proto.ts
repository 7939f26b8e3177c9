import { join } from 'node:path';
import { packageRoot } from './package-root.js';

/** The folder of the .proto files. */
export const protoFolder = join(packageRoot, 'proto');

/**
 * How messages become objects, for every server and client of ours. `defaults` fills zeros and empty lists, which proto3
 * does not send; a field marked `optional` that was not sent stays absent. An enum number without a name stays a
 * number, which no schema takes.
 */
export const PROTO_LOADING = {
  includeDirs: [protoFolder],
  keepCase: false,
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: false,
};
