import { importDataset } from '../../datasets/import/import-dataset.js';
import type { ImportProgress, ImportSource } from '../../datasets/import/import-source.js';
import type { ImportResult, ImportSpec } from '../../domain/task.js';
import { SourceLinks } from './source-links.js';
import type { AttemptContext } from './attempt-context.js';

const PROGRESS_LOG_MS = 10_000;

/** Imports a dataset version in this process: it needs no TensorFlow. */
export function runImport(spec: ImportSpec, context: AttemptContext): Promise<ImportResult> {
  const { transfers, cache } = context;
  return importDataset(spec, {
    source: sourceOf(context),
    sink: { put: (bytes) => transfers.upload(bytes), putFile: (path) => transfers.uploadFile(path) },
    temporaryPath: (name) => cache.temporaryPath(name),
    onProgress: progressOf(context),
  });
}

/** Lists through the control connection, a page at a time, and fetches by links that are signed shortly before. */
function sourceOf({ control, lease, transfers, signal }: AttemptContext): ImportSource {
  const links = new SourceLinks((keys) => control.sourceUrls(lease, keys, signal));
  return {
    async *list() {
      let pageToken: string | undefined;
      do {
        const page = await control.listSourceObjects(lease, pageToken, signal);
        yield* page.objects;
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
    },
    fetch: (object, ahead) => transfers.readSource(object, () => links.take(object.key, ahead)),
  };
}

/** Logs now and then, and ends the import between two images when it must stop. */
function progressOf({ signal, logger }: AttemptContext): (progress: ImportProgress) => void {
  let loggedAtMs = -Infinity;
  return (progress) => {
    signal.throwIfAborted();
    if (performance.now() - loggedAtMs < PROGRESS_LOG_MS) return;
    loggedAtMs = performance.now();
    logger.info(progress, 'importing');
  };
}
