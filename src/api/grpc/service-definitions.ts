import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { PROTO_LOADING } from '../../config/proto.js';

export const PROTO_PACKAGE = 'biotune.v1';

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
  return Object.fromEntries(Object.entries(loadSync(file, PROTO_LOADING)).filter(isKept));
}
