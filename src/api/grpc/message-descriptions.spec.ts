import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';
import { describe, expect, it } from 'vitest';
import { PROTO_LOADING, protoFolder } from '../../config/proto.js';
import { messageDescriptions } from './message-descriptions.js';

interface MessageType {
  readonly name: string;
  readonly field: readonly { readonly name: string }[];
  readonly nestedType: readonly (MessageType & { readonly options?: { readonly mapEntry: boolean } | null })[];
}

const FOLDER = 'biotune/v1';
const files = readdirSync(join(protoFolder, FOLDER));
const definitions = Object.assign({}, ...files.map((file) => loadSync(`${FOLDER}/${file}`, PROTO_LOADING)));

/** Names of all messages with the JSON names of their fields, nested messages behind the one that they are in. */
const messages: readonly [string, readonly string[]][] = Object.entries<{ format?: string; type: MessageType }>(
  definitions,
)
  .filter(([name, { format }]) => format === 'Protocol Buffer 3 DescriptorProto' && name.startsWith('biotune.v1.'))
  .map(([name, { type }]) => [name.replace('biotune.v1.', ''), type.field.map((field) => field.name)]);

/** The answers to workers have no schema on the side that gives them; `proto/` is where they are described. */
const DESCRIBED_IN_PROTO = [
  'CompleteTaskResponse',
  'ConfirmUploadResponse',
  'GetTransferUrlsResponse',
  'HeartbeatResponse',
  'LeaseTaskResponse',
  'LeasedTask',
  'ListSourceObjectsResponse',
  'ReleaseTaskResponse',
  'ReportMetricsResponse',
  'SourceObject',
];

describe('descriptions of messages', () => {
  const described = messageDescriptions();

  it('are those of every field of every message', () => {
    expect(messages.length).toBeGreaterThan(100);
    const missing = messages
      .filter(([name]) => !DESCRIBED_IN_PROTO.includes(name))
      .flatMap(([name, fields]) =>
        fields.filter((field) => !described.get(name)?.fields.get(field)).map((field) => `${name}.${field}`),
      );
    expect(missing).toEqual([]);
  });

  it('are left to proto/ only for the answers to workers', () => {
    expect(
      messages
        .map(([name]) => name)
        .filter((name) => !described.has(name))
        .sort(),
    ).toEqual(DESCRIBED_IN_PROTO);
  });

  it('say the default of a field, and of which members of a union a field is', () => {
    expect(described.get('PageRequest')).toBeUndefined();
    expect(described.get('ListTrialsRequest')?.fields.get('pageSize')).toMatch(/ Default: 50\.$/);
    expect(described.get('Technique')?.fields.get('rank')).toMatch(/^LORA: /);
    expect(described.get('MethodSettings.StartingPoint')?.fields.get('alphas')).toMatch(/ Default: 1, 0\.1, /);
  });
});

it('every field in proto/ has a comment before it', () => {
  const isField = /^ +(?:optional |repeated )?(?:map<[\w, ]+>|[\w.]+) \w+ = \d+;/;
  for (const file of files) {
    const lines = readFileSync(join(protoFolder, FOLDER, file), 'utf8').split('\n');
    const bare = lines.filter((line, i) => isField.test(line) && !/^ +\/\//.test(lines[i - 1] ?? ''));
    expect(bare, file).toEqual([]);
  }
});
