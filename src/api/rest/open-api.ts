import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { z } from 'zod';
import { problemSchema } from '../errors/problem.js';

type Direction = 'input' | 'output';

/** What a request may leave out an answer always has, so both forms of a schema are components. */
const componentName = (id: string, direction: Direction) =>
  direction === 'input' && !id.startsWith('Create') ? `${id}Input` : id;

const jsonSchemaSchema = z.looseObject({ definitions: z.record(z.string(), z.unknown()).default({}) });

type Components = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
const componentsSchema = z.custom<Components>((value) => typeof value === 'object');

/** Moves the references of a converted schema to where OpenAPI keeps its components. */
function renamed(value: unknown, direction: Direction): unknown {
  if (Array.isArray(value)) return value.map((member) => renamed(member, direction));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const id = key === '$ref' && typeof member === 'string' ? /^#\/definitions\/(.+)$/.exec(member)?.[1] : undefined;
      return [
        key,
        id === undefined ? renamed(member, direction) : `#/components/schemas/${componentName(id, direction)}`,
      ];
    }),
  );
}

/** Reads a zod schema as OpenAPI's; everything with a `.meta({ id })` becomes a component. */
function converted(schema: unknown, { schemaType }: { schemaType: Direction }) {
  if (!(schema instanceof z.ZodType)) return undefined;
  const json = z.toJSONSchema(schema, { io: schemaType, target: 'openapi-3.0', unrepresentable: 'any' });
  const { definitions, $schema: _, ...root } = jsonSchemaSchema.parse(json);
  const named = Object.entries(definitions).map(
    ([id, definition]) => [componentName(id, schemaType), renamed(definition, schemaType)] as const,
  );
  return { schema: renamed(root, schemaType), components: componentsSchema.parse(Object.fromEntries(named)) };
}

/** The REST API as OpenAPI, made from the schemas that check the requests. */
export function openApiDocument(app: NestExpressApplication): OpenAPIObject {
  const description =
    'Searches for the blocks of a pretrained image classifier to fine-tune. Times are RFC 3339 in UTC, integers stay ' +
    'below 2^53, an absent field is absent, and of a key that a JSON object repeats the last one counts.';
  const config = new DocumentBuilder()
    .setTitle('BioTune')
    .setDescription(description)
    .setVersion('v1')
    .addServer('/')
    .build();
  const document = SwaggerModule.createDocument(app, config, { standardSchemaConverter: converted });
  const problem = converted(problemSchema, { schemaType: 'output' });
  return {
    ...document,
    components: { ...document.components, schemas: { ...document.components?.schemas, ...problem?.components } },
  };
}
