import { type ImportProgress, type ImportSource, importDataset } from '../datasets/import-dataset.js';
import type { ImportResult, ImportSpec } from '../domain/task.js';
import type { SourceObject } from './control-answers.js';
import { SourceLinks } from './source-links.js';
import type { TaskContext } from './task-context.js';

const PROGRESS_LOG_MS = 10_000;
/** Objects are mostly fetched in the order in which they were listed. */
const SIGN_AHEAD_COUNT = 256;

/** Imports a dataset version in this process: it needs no TensorFlow. */
export function runImportTask(spec: ImportSpec, context: TaskContext): Promise<ImportResult> {
  const sink = { put: (bytes: Uint8Array) => context.transfers.upload(bytes) };
  return importDataset(sourceOf(context), spec, sink, progressOf(context));
}

/** Lists through the control connection, a page at a time, and fetches by links that are signed shortly before. */
function sourceOf({ control, lease, transfers, signal }: TaskContext): ImportSource {
  const listed: SourceObject[] = [];
  const places = new Map<string, number>();
  const links = new SourceLinks((keys) => control.sourceUrls(lease, keys, signal));
  return {
    async *list() {
      let pageToken: string | undefined;
      do {
        const page = await control.listSourceObjects(lease, pageToken, signal);
        for (const object of page.objects) places.set(object.key, listed.push(object) - 1);
        yield* page.objects;
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
    },
    fetch({ key }) {
      const place = places.get(key);
      const object = place === undefined ? undefined : listed[place];
      if (place === undefined || object === undefined) throw new Error(`${key} was not listed`);
      const ahead = () => listed.slice(place, place + SIGN_AHEAD_COUNT).map((next) => next.key);
      return transfers.readSource(object, () => links.take(key, ahead));
    },
  };
}

/** Logs now and then, and ends the import between two images when it must stop. */
function progressOf({ signal, logger }: TaskContext): (progress: ImportProgress) => void {
  let loggedAtMs = -Infinity;
  return (progress) => {
    signal.throwIfAborted();
    if (performance.now() - loggedAtMs < PROGRESS_LOG_MS) return;
    loggedAtMs = performance.now();
    logger.info(progress, 'importing');
  };
}
