/**
 * Rows under a heading, columns as wide as they need to be.
 *
 * @param {readonly string[]} heading
 * @param {readonly (readonly (string | number)[])[]} rows As many cells each as the heading.
 * @returns {string} without a line break at its end.
 */
export function textTable(heading, rows) {
  const lines = [heading, ...rows].map((cells) => cells.map(String));
  const widths = heading.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const text = (cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  return [text(lines[0]), widths.map((width) => '─'.repeat(width)).join('  '), ...lines.slice(1).map(text)].join('\n');
}
