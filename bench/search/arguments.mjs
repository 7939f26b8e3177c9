import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { createFineTuneJobSchema } from '../../dist/src/domain/job/create-fine-tune-job.js';
import { dataSchema } from '../../dist/src/domain/job/data-config.js';
import { evaluationSchema } from '../../dist/src/domain/job/evaluation.js';
import { finalsSchema } from '../../dist/src/domain/job/finals-config.js';
import { biotuneSchema } from '../../dist/src/domain/job/search-config.js';
import { trainingSchema } from '../../dist/src/domain/job/training-protocol.js';
import { BASELINES, SEARCH_METHOD } from '../../dist/src/methods/method-table.js';
import { SEARCH_MODE_NAMES } from '../../dist/src/methods/search-modes.js';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { SetupError } from '../../scripts/setup/run-command.mjs';
import { jobRequest } from './job-request.mjs';
import { findTasks, TASKS } from './tasks.mjs';

/** Options that are numbers: what they mean to a job, which knows their bounds, and what they are when not given. */
/** The methods that a job can be asked to train alone. */
const TRAINED = [SEARCH_METHOD, ...BASELINES];

const NUMBERS = {
  seeds: { schema: finalsSchema.shape.seedCount, value: 3 },
  'search-seeds': { schema: evaluationSchema.shape.seedCount, value: 2 },
  population: { schema: biotuneSchema.shape.populationSize, value: 6 },
  elites: { schema: biotuneSchema.shape.eliteCount, value: 2 },
  generations: { schema: biotuneSchema.shape.generationCount, value: 4 },
  epochs: { schema: trainingSchema.shape.epochCount, value: 12 },
  'image-size': { schema: dataSchema.shape.imageSizePx },
};

const USAGE = `usage: node bench/search.mjs [--task ${Object.keys(TASKS).join('|')}]… [--methods A,B,…] [--data-dir folder]
         [--mode ${SEARCH_MODE_NAMES.join('|')}]
         ${Object.keys(NUMBERS)
           .map((name) => `[--${name} N]`)
           .join(' ')}`;

/**
 * @typedef {object} Settings
 * @property {readonly string[]} methods
 * @property {string} mode The mode of the search.
 * @property {number} seeds Trainings that are reported, of each method.
 * @property {number} searchSeeds Trainings per candidate of a search.
 * @property {number} population
 * @property {number} elites
 * @property {number} generations
 * @property {number} epochs
 * @property {number | undefined} imageSize In pixels; each task's own when undefined.
 */

/**
 * What to measure.
 *
 * @param {string[]} args
 * @returns {{ tasks: import('./tasks.mjs').Task[], settings: Settings }}
 * @throws {SetupError} for anything that no job would take, and for images that are missing.
 */
export function readArguments(args) {
  const { task, methods, mode, 'data-dir': dataDir, ...numbers } = parse(args);
  const settings = {
    methods: chosen('methods', methods?.split(',') ?? TRAINED, TRAINED),
    mode: chosen('mode', [mode], SEARCH_MODE_NAMES)[0],
    seeds: numberOf('seeds', numbers),
    searchSeeds: numberOf('search-seeds', numbers),
    population: numberOf('population', numbers),
    elites: numberOf('elites', numbers),
    generations: numberOf('generations', numbers),
    epochs: numberOf('epochs', numbers),
    imageSize: numberOf('image-size', numbers),
  };
  const tasks = findTasks(task && chosen('task', task, Object.keys(TASKS)), resolve(dataDir));
  for (const found of tasks) checkTogether(jobRequest(found, 's3://any/images', settings));
  return { tasks, settings };
}

function parse(args) {
  const options = {
    task: { type: 'string', multiple: true },
    methods: { type: 'string' },
    mode: { type: 'string', default: 'PAPER_FAST' },
    'data-dir': { type: 'string', default: join(ROOT, '../shared/data') },
    ...Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, { type: 'string' }])),
  };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new SetupError(`${error.message}\n${USAGE}`);
  }
}

function numberOf(name, given) {
  const { schema, value } = NUMBERS[name];
  if (given[name] === undefined) return value;
  const number = given[name].trim() === '' ? NaN : Number(given[name]);
  if (schema.safeParse(number).success) return number;
  const { minimum, maximum } = z.toJSONSchema(schema);
  throw new SetupError(`--${name} ${given[name]}: must be a whole number from ${minimum} to ${maximum}\n${USAGE}`);
}

/** @param {readonly string[]} names @param {readonly string[]} known */
function chosen(option, names, known) {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return [...new Set(names)];
  throw new SetupError(`--${option} ${unknown}: must be of ${known.join(', ')}\n${USAGE}`);
}

/** Values that are fine alone and not together are told before anything is started. */
function checkTogether(request) {
  const { error } = createFineTuneJobSchema.safeParse(request);
  if (error !== undefined) throw new SetupError(error.issues.map(({ message }) => message).join('\n'));
}
