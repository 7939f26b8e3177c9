import { isStamped, writeStamp } from './stamps.mjs';

/**
 * One part of the set-up. It runs again only when its inputs changed or its outputs are gone.
 *
 * @typedef {object} Step
 * @property {string} id Names the stamp, the log file and `--only`.
 * @property {string} title
 * @property {() => string} inputs Hash of all that the outputs depend on; read before and after `run`.
 * @property {() => boolean} isPresent Whether the outputs are there.
 * @property {(report: (detail: string) => void) => Promise<string | void>} run Says what it is doing; may return a closing word.
 */

const isTerminal = process.stdout.isTTY === true;

/**
 * Runs a step unless it is done already, with a line that shows what it does and for how long.
 *
 * @param {Step} step
 */
export async function runStep(step) {
  if (step.isPresent() && isStamped(step.id, step.inputs())) {
    console.log(`✓ ${step.title} (already done)`);
    return;
  }
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(isTerminal ? 0 : 1);
  let detail = '';
  const redraw = () => process.stdout.write(`\r\x1b[K… ${step.title}${detail && `: ${detail}`} (${seconds()} s)`);
  const timer = isTerminal ? setInterval(redraw, 500) : undefined;
  if (!isTerminal) console.log(`… ${step.title}`);
  try {
    const closing = await step.run((text) => {
      detail = text;
      if (isTerminal) redraw();
      else console.log(`    ${text} (at ${seconds()} s)`);
    });
    writeStamp(step.id, step.inputs());
    endLine(`✓ ${step.title}${closing ? `: ${closing}` : ''} (${seconds()} s)`);
  } catch (error) {
    endLine(`✗ ${step.title} (after ${seconds()} s)`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** @param {string} line */
function endLine(line) {
  console.log(isTerminal ? `\r\x1b[K${line}` : line);
}
