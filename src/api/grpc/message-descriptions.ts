import { z } from 'zod';
import { MESSAGE_SCHEMAS } from './described-messages.js';

/** What the schema of a message says, for the comments in `proto/`. */
export interface MessageDescription {
  /** What the message is; absent where its schema does not say. */
  readonly description?: string | undefined;
  /** What each field is, by its name on REST. */
  readonly fields: ReadonlyMap<string, string>;
}

/** The part of JSON Schema that descriptions are read from. */
interface DescribedSchema {
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, DescribedSchema>> | undefined;
  readonly oneOf?: readonly DescribedSchema[] | undefined;
  readonly anyOf?: readonly DescribedSchema[] | undefined;
}

const describedSchema: z.ZodType<DescribedSchema> = z.lazy(() =>
  z.object({
    description: z.string().optional(),
    default: z.unknown().optional(),
    const: z.unknown().optional(),
    properties: z.record(z.string(), describedSchema).optional(),
    oneOf: z.array(describedSchema).optional(),
    anyOf: z.array(describedSchema).optional(),
  }),
);

const definitionsSchema = z.object({
  $ref: z.string().optional(),
  $defs: z.record(z.string(), describedSchema).default({}),
});

/** What the schemas say of every message that has one, by its name in `proto/`. */
export function messageDescriptions(): ReadonlyMap<string, MessageDescription> {
  const found = new Map<string, MessageDescription>();
  for (const [name, schema] of Object.entries(MESSAGE_SCHEMAS)) {
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    const { $ref, $defs } = definitionsSchema.parse(json);
    if ($ref === undefined) found.set(name, read(describedSchema.parse(json)));
    for (const [id, definition] of Object.entries($defs)) {
      found.set($ref === `#/$defs/${id}` ? name : id, read(definition));
    }
  }
  return found;
}

/** Reads one message; a union is one message with the fields of all its members. */
function read({ description, properties, oneOf, anyOf }: DescribedSchema): MessageDescription {
  const members = oneOf ?? anyOf ?? [{ properties }];
  const names = new Set(members.flatMap((member) => Object.keys(member.properties ?? {})));
  return { description, fields: new Map([...names].flatMap((name) => describedField(name, members))) };
}

/** The name and the text of a field; where members of a union differ, the text says which `type` each part is of. */
function describedField(name: string, members: readonly DescribedSchema[]): [string, string][] {
  const having = members.flatMap((member) => {
    const field = member.properties?.[name];
    return field?.description === undefined ? [] : [{ field, type: member.properties?.['type']?.const }];
  });
  const typesByText = new Map<string, unknown[]>();
  for (const { field, type } of having) {
    const text = withDefault(field);
    typesByText.set(text, [...(typesByText.get(text) ?? []), type]);
  }
  const isCommon = having.length === members.length && typesByText.size === 1;
  const texts = [...typesByText].map(([text, types]) => (isCommon ? text : inMembers(text, types)));
  return texts.length === 0 ? [] : [[name, texts.join(' ')]];
}

/** The text of a field that not all members of a union have. */
const inMembers = (text: string, types: readonly unknown[]): string =>
  types.includes(undefined) ? text : `${types.join(', ')}: ${text}`;

/** A description, and the default where it is a value or a list of values. */
function withDefault({ description = '', default: value }: DescribedSchema): string {
  const values = [value].flat().filter((each) => typeof each === 'number' || typeof each === 'string');
  return values.length === 0 ? description : `${description} Default: ${values.join(', ')}.`;
}
