import { join } from 'node:path';
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader';
import { packageRoot } from '../../config/package-root.js';

export const PROTO_PACKAGE = 'biotune.v1';

/**
 * How messages become objects. `defaults` fills zeros and empty lists, which proto3 does not send; a field marked
 * `optional` that was not sent stays absent. An enum number without a name stays a number, which no schema takes.
 */
const LOADER = {
  includeDirs: [join(packageRoot, 'proto')],
  keepCase: false,
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: false,
} satisfies Options;

/**
 * Loads services with the messages that they use.
 *
 * @param file Below `proto/`.
 * @param services Names in our package; what the file imports but does not serve is left out.
 */
export function loadServices(file: string, services: readonly string[]): PackageDefinition {
  const served = new Set(services.map((name) => `${PROTO_PACKAGE}.${name}`));
  const isKept = ([name, definition]: [string, PackageDefinition[string]]) =>
    served.has(name) || typeof definition['format'] === 'string';
  return Object.fromEntries(Object.entries(loadSync(file, LOADER)).filter(isKept));
}
