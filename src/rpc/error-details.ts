import { fromJSON, type MessageTypeDefinition } from '@grpc/proto-loader';
import { z } from 'zod';

/** The trailer in which a google.rpc.Status travels. */
export const DETAILS_TRAILER = 'grpc-status-details-bin';

const TYPE_PREFIX = 'type.googleapis.com/google.rpc.';

const field = (id: number, type: string, rule?: 'repeated') => ({ id, type, ...(rule !== undefined && { rule }) });

/** The messages of google/rpc/status.proto and error_details.proto that are sent, with their field numbers. */
const messages = fromJSON(
  {
    nested: {
      Any: { fields: { typeUrl: field(1, 'string'), value: field(2, 'bytes') } },
      Status: {
        fields: { code: field(1, 'int32'), message: field(2, 'string'), details: field(3, 'Any', 'repeated') },
      },
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
  },
  { defaults: true, arrays: true },
);

/** What an error says, beside its code and message. */
export interface ErrorDetails {
  readonly reason: string;
  /** Who the reason belongs to. */
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fieldViolations: readonly {
    readonly field: string;
    readonly description: string;
    readonly reason: string;
  }[];
  readonly requestId: string;
}

/** Writes an error as google.rpc.Status with ErrorInfo, RequestInfo and, where fields are at fault, BadRequest. */
export function encodeError(code: number, message: string, details: ErrorDetails): Buffer {
  const { reason, domain, fieldViolations, requestId } = details;
  const metadata = Object.entries(details.metadata).map(([key, value]) => ({ key, value }));
  return encode('Status', {
    code,
    message,
    details: [
      detail('ErrorInfo', { reason, domain, metadata }),
      ...(fieldViolations.length === 0 ? [] : [detail('BadRequest', { fieldViolations })]),
      detail('RequestInfo', { requestId }),
    ],
  });
}

const statusSchema = z.object({
  message: z.string(),
  details: z.array(z.object({ typeUrl: z.string(), value: z.instanceof(Buffer) })),
});
const errorInfoSchema = z.object({
  reason: z.string(),
  domain: z.string(),
  metadata: z.array(z.object({ key: z.string(), value: z.string() })),
});

/**
 * Reads message and ErrorInfo of what `encodeError` wrote; undefined where there is none.
 *
 * @throws {Error} for other bytes.
 */
export function decodeErrorInfo(
  bytes: Buffer,
): (Pick<ErrorDetails, 'reason' | 'domain' | 'metadata'> & { readonly message: string }) | undefined {
  const { message, details } = statusSchema.parse(codec('Status').deserialize(bytes));
  const info = details.find(({ typeUrl }) => typeUrl === `${TYPE_PREFIX}ErrorInfo`);
  if (info === undefined) return undefined;
  const { reason, domain, metadata } = errorInfoSchema.parse(codec('ErrorInfo').deserialize(info.value));
  return { message, reason, domain, metadata: Object.fromEntries(metadata.map(({ key, value }) => [key, value])) };
}

const detail = (name: string, value: object) => ({ typeUrl: `${TYPE_PREFIX}${name}`, value: encode(name, value) });

const encode = (name: string, value: object): Buffer => Buffer.from(codec(name).serialize(value));

function codec(name: string): MessageTypeDefinition<object, object> {
  const message = messages[name];
  if (message === undefined || !('serialize' in message)) throw new Error(`${name} is no message of google.rpc`);
  // The loader types services, messages and enums as one; only messages can be serialized.
  return message as MessageTypeDefinition<object, object>;
}
