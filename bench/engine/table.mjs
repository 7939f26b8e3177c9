import { ratioOf } from './measure.mjs';
import { MODES } from './settings.mjs';

/** In the order of the columns. */
const PEERS = ['tensorflow', 'keras', 'torch', 'ours, eager', 'ours, not cached'];

/**
 * Comparisons as a Markdown table: a row for each network and mode, a column for each peer, the ratios in it.
 *
 * @param {readonly import('./measure.mjs').Comparison[]} comparisons
 * @returns {string}
 */
export function tableOf(comparisons) {
  const peers = PEERS.filter((name) => comparisons.some(({ peer }) => peer === name));
  const networks = [...new Set(comparisons.map(({ network }) => network))].sort();
  const measured = networks
    .flatMap((network) => Object.keys(MODES).map((mode) => ({ network, mode })))
    .filter((cell) => comparisons.some(({ network, mode }) => network === cell.network && mode === cell.mode))
    .map(({ network, mode }) => `${network} ${mode}`);
  const rows = measured.map((key) => {
    const own = comparisons.filter(({ network, mode }) => `${network} ${mode}` === key);
    const ratios = peers.map((name) => {
      const comparison = own.find(({ peer }) => peer === name);
      return comparison === undefined ? '–' : ratioOf(comparison).toFixed(2);
    });
    return [own[0].network, MODES[own[0].mode], ...ratios, String(own[0].samples.length)];
  });
  return markdown([['network', 'what', ...peers, 'samples'], ...rows]);
}

/** Padded as Prettier wants it: text to the left, numbers to the right. */
function markdown(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const isNumber = (column) => column > 1;
  const line = (row) =>
    `| ${row.map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(' | ')} |`;
  const rule = widths.map((width, column) => (isNumber(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  const [head, ...body] = rows;
  return [head, rule, ...body].map(line).join('\n');
}
