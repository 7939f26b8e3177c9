import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { ERROR_DOMAIN } from './problem.js';
import type { Refusal } from './refusal.js';
import { TRANSPORT_STATUS } from './transport-status.js';

/** Violations in one answer: trailers of more than 8 KB are refused by clients. */
const VIOLATION_COUNT_MAX = 10;

const field = (id: number, type: string, rule?: 'repeated') => ({ id, type, ...(rule !== undefined && { rule }) });

/** The messages of google/rpc/status.proto and error_details.proto that we send, with their field numbers. */
const messages = fromJSON({
  nested: {
    Any: { fields: { typeUrl: field(1, 'string'), value: field(2, 'bytes') } },
    Status: { fields: { code: field(1, 'int32'), message: field(2, 'string'), details: field(3, 'Any', 'repeated') } },
    // A map is a repeated message of key and value on the wire, and so it is written here.
    ErrorInfo: {
      fields: {
        reason: field(1, 'string'),
        domain: field(2, 'string'),
        metadata: field(3, 'MetadataEntry', 'repeated'),
      },
    },
    MetadataEntry: { fields: { key: field(1, 'string'), value: field(2, 'string') } },
    FieldViolation: {
      fields: { field: field(1, 'string'), description: field(2, 'string'), reason: field(3, 'string') },
    },
    BadRequest: { fields: { fieldViolations: field(1, 'FieldViolation', 'repeated') } },
    RequestInfo: { fields: { requestId: field(1, 'string') } },
  },
});

function encode(name: string, value: object): Buffer {
  const message = messages[name];
  if (message === undefined || !('serialize' in message) || typeof message.serialize !== 'function') {
    throw new Error(`${name} is no message of google.rpc`);
  }
  return Buffer.from(message.serialize(value));
}

const detail = (name: string, value: object) => ({
  typeUrl: `type.googleapis.com/google.rpc.${name}`,
  value: encode(name, value),
});

/** An error over gRPC: the status, and google.rpc.Status with its details in the trailer that clients look for. */
export function rpcStatusOf({ reason, message, metadata, violations }: Refusal, requestId: string): StatusObject {
  const code = TRANSPORT_STATUS[reason].grpc;
  const fieldViolations = violations.slice(0, VIOLATION_COUNT_MAX).map((violation) => ({
    field: protoPath(violation.pointer),
    description: violation.message,
    reason: violation.reason ?? reason,
  }));
  const entries = Object.entries(metadata).map(([key, value]) => ({ key, value }));
  const details = [
    detail('ErrorInfo', { reason, domain: ERROR_DOMAIN, metadata: entries }),
    ...(fieldViolations.length === 0 ? [] : [detail('BadRequest', { fieldViolations })]),
    detail('RequestInfo', { requestId }),
  ];
  const trailer = new Metadata();
  trailer.set('grpc-status-details-bin', encode('Status', { code, message, details }));
  trailer.set('x-request-id', requestId);
  return { code, details: message, metadata: trailer };
}

/** `/job/search/eliteCount` is `job.search.elite_count`: the path of protobuf fields that BadRequest asks for. */
function protoPath(pointer: string): string {
  const parts = pointer.split('/').slice(1);
  const names = parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names
    .map((name) =>
      /^\d+$/.test(name) ? `[${name}]` : `.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
    )
    .join('')
    .slice(1);
}
