import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** Everything that set-up downloads or remembers; safe to delete. */
export const CACHE = join(ROOT, '.cache');
