// Shows what was measured before, and draws its chart again: node bench/search/show.mjs clothing-10 …
import { load, save } from './files.mjs';
import { resultText } from './report.mjs';

for (const task of process.argv.slice(2)) {
  const result = load(task);
  console.log(resultText(result));
  await save(result);
}
