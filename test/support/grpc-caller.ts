import { join } from 'node:path';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { fromJSON, loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { packageRoot } from '../../src/config/package-root.js';

/** Calls unary methods as a client of another language would, with the stock loader. */
export class GrpcCaller {
  readonly client: Client;
  private readonly definitions;

  constructor(address: string, protoFile: string) {
    this.client = new Client(address, credentials.createInsecure());
    this.definitions = loadSync(protoFile, {
      includeDirs: [join(packageRoot, 'proto')],
      longs: Number,
      enums: String,
      defaults: true,
    });
  }

  /** @param request Message fields; or the bytes of a message. */
  call(
    service: string,
    method: string,
    request: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const definition = this.method(service, method);
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const serialize = (value: object) => (Buffer.isBuffer(value) ? value : definition.requestSerialize(value));
    return new Promise((resolve, reject) => {
      const { path, responseDeserialize } = definition;
      this.client.makeUnaryRequest(
        path,
        serialize,
        responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + 10_000 },
        (error, answer) => (error === null ? resolve(answer) : reject(error)),
      );
    });
  }

  method(service: string, method: string): MethodDefinition<object, object> {
    const found = this.definitions[service];
    if (found === undefined || typeof found['format'] === 'string') throw new Error(`no service ${service}`);
    return (found as Record<string, MethodDefinition<object, object>>)[method] ?? fail(`no method ${method}`);
  }

  /** The error that a call must end in. */
  async refusal(...call: Parameters<GrpcCaller['call']>): Promise<ServiceError> {
    const answer: unknown = await this.call(...call).then(
      () => undefined,
      (error: unknown) => error,
    );
    return answer instanceof Error && 'code' in answer ? (answer as ServiceError) : fail('the call was answered');
  }
}

function fail(message: string): never {
  throw new Error(message);
}

/** google/rpc/{status,error_details}.proto as published: a map here, where the server writes entries. */
const google = fromJSON(
  {
    nested: {
      Any: { fields: { typeUrl: { id: 1, type: 'string' }, value: { id: 2, type: 'bytes' } } },
      Status: {
        fields: {
          code: { id: 1, type: 'int32' },
          message: { id: 2, type: 'string' },
          details: { id: 3, type: 'Any', rule: 'repeated' },
        },
      },
      ErrorInfo: {
        fields: {
          reason: { id: 1, type: 'string' },
          domain: { id: 2, type: 'string' },
          metadata: Object.assign({ id: 3, type: 'string' }, { keyType: 'string' }),
        },
      },
      FieldViolation: {
        fields: {
          field: { id: 1, type: 'string' },
          description: { id: 2, type: 'string' },
          reason: { id: 3, type: 'string' },
        },
      },
      BadRequest: { fields: { fieldViolations: { id: 1, type: 'FieldViolation', rule: 'repeated' } } },
      RequestInfo: { fields: { requestId: { id: 1, type: 'string' } } },
    },
  },
  { defaults: true, arrays: true },
);

function decode(name: string, bytes: Buffer): object {
  const type = Object.entries(google).find(([path]) => path === name)?.[1];
  if (type === undefined || !('deserialize' in type) || typeof type.deserialize !== 'function')
    return fail(`no message ${name}`);
  return type.deserialize(bytes);
}

/** The details of an error, by the names of their messages. */
export function detailsOf(error: ServiceError): Record<string, object> {
  const [trailer] = error.metadata.get('grpc-status-details-bin');
  if (!Buffer.isBuffer(trailer)) return fail('the error has no details');
  const { details } = decode('Status', trailer) as { details: { typeUrl: string; value: Buffer }[] };
  const named = details.map(({ typeUrl, value }) => [typeUrl.split('.').at(-1) ?? '', value] as const);
  return Object.fromEntries(named.map(([name, value]) => [name, decode(name, value)]));
}
