// All methods of fine-tuning on real images, through the product itself: `npm run bench:search`, after scripts/setup.mjs.
// Prints a table for each task, and writes bench/results/search-<task>.json and .svg.
import { join, relative } from 'node:path';
import { withService } from '../scripts/service/with-service.mjs';
import { ROOT } from '../scripts/setup/paths.mjs';
import { SetupError } from '../scripts/setup/run-command.mjs';
import { readArguments } from './search/arguments.mjs';
import { save } from './search/files.mjs';
import { measure } from './search/measure.mjs';
import { resultText } from './search/report.mjs';

const dataDir = join(ROOT, '.data/bench-search');

try {
  const { tasks, settings } = readArguments(process.argv.slice(2));
  await withService({ root: ROOT, dataDir, project: 'bench' }, async (service) => {
    for (const task of tasks) {
      const result = await measure(task, settings, service);
      const files = await save(result);
      console.log(`${resultText(result)}\n\nin ${files.map((file) => relative(process.cwd(), file)).join(' and ')}`);
    }
  });
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
}
