import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { SetupError } from '../../scripts/setup/run-command.mjs';
import { ARMS } from './arms.mjs';
import { searchSeedCountOf, TASKS } from './tasks.mjs';

/**
 * @typedef {object} Sizes
 * @property {number | undefined} finalSeeds Trainings that are reported, of each method; those of the mode when undefined.
 * @property {number} epochs
 * @property {number | undefined} population Of every search; its own when undefined, as the next.
 * @property {number | undefined} generations
 */

/** A list of names with commas between; all of them when absent. @param {readonly string[]} known */
const listOf = (known) =>
  z
    .string()
    .default(known.join())
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(known)));

const count = (min, max) => z.coerce.number().int().min(min).max(max);

const OPTIONS = {
  arms: { text: 'A,B,…', schema: listOf(Object.keys(ARMS)), about: Object.keys(ARMS).join(', ') },
  tasks: { text: 'A,B,…', schema: listOf(Object.keys(TASKS)), about: Object.keys(TASKS).join(', ') },
  minutes: { text: 'N', schema: z.coerce.number().positive().max(100_000).default(60), about: 'more than 0' },
  'search-seeds': { text: 'N', schema: count(1, 100).optional(), about: '1 to 100; 5 on main tasks and 3 on others' },
  'final-seeds': { text: 'N', schema: count(1, 10).optional(), about: '1 to 10; as many as the mode has' },
  epochs: { text: 'N', schema: count(1, 1000).default(10), about: '1 to 1000' },
  population: { text: 'N', schema: count(2, 200).optional(), about: '2 to 200' },
  generations: { text: 'N', schema: count(0, 200).optional(), about: '0 to 200' },
  'data-dir': { text: 'FOLDER', schema: z.string().default(join(ROOT, '../shared/data')), about: 'a folder' },
  'results-dir': { text: 'FOLDER', schema: z.string().default(join(ROOT, 'bench/results')), about: 'a folder' },
};

const USAGE = `usage: node bench/accelerated.mjs\n${Object.entries(OPTIONS)
  .map(([name, { text, about }]) => `  [--${name} ${text}]  ${about}`)
  .join('\n')}`;

/**
 * What to measure.
 *
 * @param {string[]} args
 * @returns {{ arms: string[], tasks: { name: string, isMain: boolean, searchSeedCount: number }[], secondsMax: number,
 *   sizes: Sizes, dataDir: string, resultsDir: string }}
 * @throws {SetupError} for what is no option, or out of its bounds.
 */
export function readArguments(args) {
  const given = parse(args);
  const value = (name) => checked(name, OPTIONS[name].schema, given[name]);
  const [arms, names] = [value('arms'), value('tasks')];
  return {
    // In the order of the tables, whatever that of the options.
    arms: Object.keys(ARMS).filter((arm) => arms.includes(arm)),
    tasks: Object.keys(TASKS)
      .filter((name) => names.includes(name))
      .map((name) => ({
        name,
        isMain: TASKS[name].isMain,
        searchSeedCount: value('search-seeds') ?? searchSeedCountOf(TASKS[name]),
      })),
    secondsMax: 60 * value('minutes'),
    sizes: {
      finalSeeds: value('final-seeds'),
      epochs: value('epochs'),
      population: value('population'),
      generations: value('generations'),
    },
    dataDir: resolve(value('data-dir')),
    resultsDir: resolve(value('results-dir')),
  };
}

function parse(args) {
  const options = Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, { type: 'string' }]));
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new SetupError(`${error.message}\n${USAGE}`);
  }
}

function checked(name, schema, text) {
  const found = schema.safeParse(text);
  if (found.success) return found.data;
  throw new SetupError(`--${name} ${text}: must be ${OPTIONS[name].about}\n${USAGE}`);
}
