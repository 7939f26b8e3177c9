import { type ImportProgress, type ImportSource, importDataset } from '../datasets/import-dataset.js';
import type { ImportResult, ImportSpec } from '../domain/task.js';
import type { SourceObject } from './control-answers.js';
import type { TaskContext } from './task-context.js';

const PROGRESS_LOG_MS = 10_000;

/** Imports a dataset version in this process: it needs no TensorFlow. */
export function runImportTask(spec: ImportSpec, context: TaskContext): Promise<ImportResult> {
  const sink = { put: (bytes: Uint8Array) => context.transfers.upload(bytes) };
  return importDataset(sourceOf(context), spec, sink, progressOf(context));
}

/** Lists through the control connection, a page at a time, and fetches by the links that come with the list. */
function sourceOf({ control, lease, transfers, signal }: TaskContext): ImportSource {
  const listed = new Map<string, SourceObject>();
  return {
    async *list() {
      let pageToken: string | undefined;
      do {
        const page = await control.listSourceObjects(lease, pageToken, signal);
        for (const object of page.objects) listed.set(object.key, object);
        yield* page.objects;
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
    },
    fetch({ key }) {
      const object = listed.get(key);
      if (object === undefined) throw new Error(`${key} was not listed`);
      return transfers.readSource(object);
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
