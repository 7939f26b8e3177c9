import { join } from 'node:path';
import { credentials, loadPackageDefinition, type Client, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const PROTO = join(import.meta.dirname, '../../proto');

type Method = (request: object, callback: (error: ServiceError | null, answer: unknown) => void) => void;

/** Calls one method as a client that knows nothing but the .proto files. */
export async function callGrpc<T>(address: string, service: string, method: string, request: object): Promise<T> {
  const definition = loadSync(['biotune/v1/fine_tune_job.proto', 'biotune/v1/catalog.proto'], {
    includeDirs: [PROTO],
    longs: Number,
    enums: String,
  });
  const { biotune } = loadPackageDefinition(definition) as never as {
    biotune: { v1: Record<string, new (address: string, insecure: unknown) => Client> };
  };
  const Service = biotune.v1[service];
  if (Service === undefined) throw new Error(`proto/ has no service ${service}`);
  const client = new Service(address, credentials.createInsecure());
  try {
    return await new Promise<T>((resolve, reject) => {
      const send = (client as never as Record<string, Method>)[method]?.bind(client);
      send?.(request, (error, answer) => (error === null ? resolve(answer as T) : reject(error)));
    });
  } finally {
    client.close();
  }
}
