import { z } from 'zod';
import type { MethodDefinition, SettingsDefinition } from './method-definition.js';

/** The settings of those methods of a table that have some. */
type SettingsOf<Table extends readonly MethodDefinition[]> = Extract<
  Table[number],
  { readonly settings: SettingsDefinition }
>['settings'];

/** One field for each method with settings. */
type SettingsShape<Table extends readonly MethodDefinition[]> = {
  [Settings in SettingsOf<Table> as Settings['name']]: z.ZodPrefault<Settings['schema']>;
};

/** What a request says of the methods of a table: one field for each that leaves something open, all with defaults. */
export function settingsSchemaOf<const Table extends readonly MethodDefinition[]>(table: Table) {
  const fields = table.flatMap(({ id, settings }) => (settings === undefined ? [] : [{ id, ...settings }]));
  const shape = Object.fromEntries(
    fields.map(({ id, name, schema }) => [name, schema.prefault({}).describe(`The settings of ${id}.`)]),
  );
  // The compiler does not follow names through an array; the type says of each what the line above does.
  return z.strictObject(shape as SettingsShape<Table>);
}
