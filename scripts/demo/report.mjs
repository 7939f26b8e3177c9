import { percent } from '../service/figures.mjs';
import { METHOD_NAMES } from '../service/method-names.mjs';
import { textTable } from '../service/text-table.mjs';

/** Prints what came of the job: what the search's winner trains, every method's scores, and how to get the weights. */
export function report({ result }, baseModel, model, http) {
  const { lrMultipliers } = result.scores.find(({ method }) => method === 'BIOTUNE');
  const blocks = textTable(
    ['block', 'trains', 'learning rate ×', 'parameters'],
    baseModel.blocks.map(({ displayName, parameterCount }, index) => [
      displayName,
      lrMultipliers[index] > 0 ? 'yes' : 'frozen',
      lrMultipliers[index] > 0 ? lrMultipliers[index].toFixed(2) : '–',
      parameterCount.toLocaleString('en'),
    ]),
  );
  console.log(`\nBest candidate of the search\n\n${blocks}`);
  const scores = textTable(
    ['method', 'validation', 'test (95 %)', 'trained parameters', ''],
    result.scores.map((score) => [
      METHOD_NAMES[score.method],
      score.validationAccuracy === undefined ? '–' : percent(score.validationAccuracy),
      `${percent(score.testAccuracy)} (${percent(score.testAccuracyInterval.low)} – ${percent(score.testAccuracyInterval.high)})`,
      score.trainedParameterCount.toLocaleString('en'),
      score.method === result.method ? '← delivered' : '',
    ]),
  );
  console.log(`\nRetrained on all training images with fresh seeds; the test images were scored once\n\n${scores}\n`);
  for (const line of [result.verdict, ...result.warnings]) console.log(line);
  const url = `${http}/v1/${result.modelVersion}/downloads`;
  console.log(`
Weights   ${model.weights.uri}
Fetched   ${model.folder} (each file's SHA-256 checked)
Fetch it  STANDALONE_DATA_DIR=.data/demo HTTP_PORT=${new URL(http).port} npm start   # in another terminal
          curl -fsSo model.safetensors "$(curl -fsS ${url} | node -pe 'JSON.parse(fs.readFileSync(0)).downloads[0].url')"
`);
}
