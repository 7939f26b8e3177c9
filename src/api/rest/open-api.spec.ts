import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { type StubbedApi, startStubbedApi } from '../../../test/support/stubbed-api.js';

const operationSchema = z.looseObject({
  requestBody: z.unknown().optional(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).default([]),
  responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.unknown()).optional() })),
});
const documentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

let api: StubbedApi;
let text: string;
let document: z.infer<typeof documentSchema>;
beforeAll(async () => {
  api = await startStubbedApi();
  text = await (await fetch(`${api.httpUrl}/openapi.json`)).text();
  document = documentSchema.parse(JSON.parse(text));
});
afterAll(() => api.close());

const P = '/v1/projects/{project}';

it('names every route', () => {
  const routes = Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.keys(verbs).map((verb) => `${verb} ${path}`),
  );
  expect(routes.sort()).toEqual(
    [
      'get /healthz/live',
      'get /healthz/ready',
      'get /openapi.json',
      `get ${P}/baseModels`,
      `get ${P}/baseModels/{baseModel}`,
      `get ${P}/baseModels/{baseModel}/blocks`,
      `post ${P}/datasets`,
      `get ${P}/datasets/{dataset}`,
      `get ${P}/fineTuneJobs`,
      `post ${P}/fineTuneJobs`,
      `post ${P}/fineTuneJobs/estimate`,
      `get ${P}/fineTuneJobs/{job}`,
      `post ${P}/fineTuneJobs/{job}/cancel`,
      `post ${P}/fineTuneJobs/{job}/pause`,
      `post ${P}/fineTuneJobs/{job}/resume`,
      `get ${P}/fineTuneJobs/{job}/events`,
      `get ${P}/fineTuneJobs/{job}/trials`,
      `get ${P}/fineTuneJobs/{job}/trials/{trial}`,
      `get ${P}/fineTuneJobs/{job}/trials/{trial}/metrics`,
      `get ${P}/models/{model}/versions/{number}`,
      `get ${P}/models/{model}/versions/{number}/downloads`,
    ].sort(),
  );
});

it('gives every route its path parameters, an answer and problems', () => {
  for (const [path, verbs] of Object.entries(document.paths).filter(([each]) => each.startsWith(P))) {
    for (const [verb, operation] of Object.entries(verbs)) {
      const where = `${verb} ${path}`;
      const inPath = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect(inPath.sort(), where).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort());
      const success = operation.responses['200'] ?? operation.responses['201'];
      expect(success?.content?.['application/json'], where).toBeDefined();
      expect(operation.responses['400']?.content?.['application/problem+json'], where).toBeDefined();
      expect(operation.requestBody !== undefined, where).toBe(verb === 'post');
    }
  }
});

it('describes the pages of a list', () => {
  const names = document.paths[`${P}/fineTuneJobs`]?.['get']?.parameters.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['pageSize', 'pageToken']));
});

it('refers only to components that it has, and requests may leave out what answers always have', () => {
  const targets = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? '');
  expect(targets.length).toBeGreaterThan(30);
  expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining([...new Set(targets)]));
  expect(text).not.toContain('#/definitions/');
  expect(document.components.schemas['BudgetConfigInput']).not.toHaveProperty('required');
  expect(document.components.schemas['BudgetConfig']).toHaveProperty('required');
});

/** All properties below a schema, at any depth, with their paths. */
function propertiesOf(schema: unknown, path: string): { path: string; description: unknown }[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, part]: [string, unknown]) => {
    if (key !== 'properties') return propertiesOf(part, path);
    return Object.entries(part as Record<string, { description?: unknown }>).flatMap(([name, property]) => [
      { path: `${path}.${name}`, description: property.description },
      ...propertiesOf(property, `${path}.${name}`),
    ]);
  });
}

it('describes every component and every property of it', () => {
  const components = Object.entries(document.components.schemas);
  const described = z.looseObject({ description: z.string().min(1) });
  expect(components.filter(([, schema]) => !described.safeParse(schema).success).map(([name]) => name)).toEqual([]);
  const properties = components.flatMap(([name, schema]) => propertiesOf(schema, name));
  expect(properties.length).toBeGreaterThan(400);
  expect(properties.filter(({ description }) => !description).map(({ path }) => path)).toEqual([]);
});
