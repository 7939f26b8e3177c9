import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import healthCheck from 'grpc-health-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GrpcCaller } from '../../../test/support/grpc-caller.js';
import { type StubbedApi, startStubbedApi } from '../../../test/support/stubbed-api.js';

const HEALTH = 'grpc.health.v1.Health';
const REFLECTION = 'grpc.reflection.v1.ServerReflection';

const reflectionProto = join(
  createRequire(import.meta.url).resolve('@grpc/reflection/package.json'),
  '../build/proto/grpc/reflection/v1/reflection.proto',
);

let api: StubbedApi;
let health: GrpcCaller;
beforeEach(async () => {
  api = await startStubbedApi();
  health = new GrpcCaller(api.grpcAddress, healthCheck.protoPath);
});
afterEach(async () => {
  health.client.close();
  await api.close();
});

/** Asks one question over the stream that reflection is. */
function reflect(caller: GrpcCaller, question: object): Promise<unknown> {
  const { path, requestSerialize, responseDeserialize } = caller.method(REFLECTION, 'ServerReflectionInfo');
  return new Promise((resolve, reject) => {
    const stream = caller.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    stream.on('data', resolve).on('error', reject);
    stream.write(question);
    stream.end();
  });
}

describe('health', () => {
  it.each(['', 'biotune.v1.FineTuneJobs', 'biotune.v1.Catalog'])('says that "%s" is serving', async (service) => {
    expect(await health.call(HEALTH, 'Check', { service })).toEqual({ status: 'SERVING' });
  });

  it('lets the server close while someone watches, and notifies the watcher first', async () => {
    const { path, requestSerialize, responseDeserialize } = health.method(HEALTH, 'Watch');
    const seen: unknown[] = [];
    const watch = health.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: '' });
    await new Promise<void>((resolve) => {
      watch
        .on('error', () => undefined)
        .on('data', (answer: unknown) => {
          seen.push(answer);
          resolve();
        });
    });
    await api.close();
    expect(seen).toEqual([{ status: 'SERVING' }, { status: 'NOT_SERVING' }]);
  });
});

it('closes while someone who has connected says nothing', async () => {
  const [host, port] = api.grpcAddress.split(':');
  const socket = connect(Number(port), host).on('error', () => undefined);
  await once(socket, 'connect');
  // It has been accepted when one that came later is answered.
  await health.call(HEALTH, 'Check', { service: '' });
  const startMs = performance.now();
  await api.close();
  expect(performance.now() - startMs).toBeLessThan(30_000);
});

describe('reflection', () => {
  it('lists the services', async () => {
    const caller = new GrpcCaller(api.grpcAddress, reflectionProto);
    const answer = await reflect(caller, { listServices: '' });
    caller.client.close();
    const names = ['biotune.v1.FineTuneJobs', 'biotune.v1.Catalog'];
    const service = expect.arrayContaining(names.map((name) => ({ name })));
    expect(answer).toMatchObject({ listServicesResponse: { service } });
  });

  it('describes map fields by the rule that clients check', async () => {
    const caller = new GrpcCaller(api.grpcAddress, reflectionProto);
    const answer = await reflect(caller, { fileContainingSymbol: 'biotune.v1.CreateFineTuneJob' });
    caller.client.close();
    const { fileDescriptorResponse } = answer as { fileDescriptorResponse: { fileDescriptorProto: Buffer[] } };
    expect(Buffer.concat(fileDescriptorResponse.fileDescriptorProto).toString('latin1')).toContain('LabelsEntry');
  });
});
