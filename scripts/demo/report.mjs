const percent = (value) => `${(100 * value).toFixed(1)} %`;

const METHOD_NAMES = {
  BIOTUNE: 'BioTune (search)',
  FULL_FINE_TUNE: 'Full fine-tuning',
  LINEAR_PROBE: 'Linear probe',
};

/** Prints rows under a heading, columns as wide as they need to be. */
function table(heading, rows) {
  const lines = [heading, ...rows].map((cells) => cells.map(String));
  const widths = heading.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const text = (cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  console.log(
    [text(lines[0]), widths.map((width) => '─'.repeat(width)).join('  '), ...lines.slice(1).map(text)].join('\n'),
  );
}

/** Prints what came of the job: the winning genome, every method's scores, and how to get the weights. */
export function report({ result }, baseModel, model, http) {
  const { genome } = result;
  const searched = genome.genes.map((gene) => (gene > genome.threshold ? 10 ** (2 * (gene - 0.5)) : 0));
  console.log(`\nBest genome of the search (threshold ${genome.threshold.toFixed(3)})\n`);
  table(
    ['block', 'gene', 'trains', 'learning rate ×', 'parameters'],
    baseModel.blocks.map(({ displayName, parameterCount }, index) => [
      displayName,
      genome.genes[index].toFixed(3),
      searched[index] > 0 ? 'yes' : 'frozen',
      searched[index] > 0 ? searched[index].toFixed(2) : '–',
      parameterCount.toLocaleString('en'),
    ]),
  );
  console.log('\nRetrained on all training images with fresh seeds; the test images were scored once\n');
  table(
    ['method', 'validation', 'test', 'trained parameters', ''],
    result.scores.map((score) => [
      METHOD_NAMES[score.method],
      percent(score.validationAccuracy),
      percent(score.testAccuracy),
      score.trainedParameterCount.toLocaleString('en'),
      score.method === result.method ? '← delivered: best on validation' : '',
    ]),
  );
  const url = `${http}/v1/${result.modelVersion}/downloads`;
  console.log(`
Weights   ${model.weights.uri}
Fetched   ${model.folder} (each file's SHA-256 checked)
Fetch it  STANDALONE_DATA_DIR=.data/demo HTTP_PORT=${new URL(http).port} npm start   # in another terminal
          curl -fsSo model.safetensors "$(curl -fsS ${url} | node -pe 'JSON.parse(fs.readFileSync(0)).downloads[0].url')"
`);
}
