/** Every path in the bucket is built here. */

/** All blobs lie below this. */
export const BLOB_PREFIX = 'blobs/sha256/';

/** Content-addressed bytes: packed images, manifests, weights. */
export const blobKey = (sha256: string): string => `${BLOB_PREFIX}${sha256.slice(0, 2)}/${sha256}`;

/** The hash that a blob's key names; undefined for any other key. */
export function sha256OfBlobKey(key: string): string | undefined {
  const [, sha256] = /^blobs\/sha256\/[0-9a-f]{2}\/([0-9a-f]{64})$/.exec(key) ?? [];
  return sha256;
}

/** Bytes that are not blobs yet lie below this. */
export const UPLOAD_PREFIX = 'uploads/';

/** Where a worker puts bytes that it says have this hash; they become a blob once the coordinator has read them through. */
export const uploadKey = (taskId: string, fence: number, sha256: string): string =>
  `${UPLOAD_PREFIX}${taskId}/${fence}/${sha256}`;

/** Where an upload is read through: no link leads here, so that what was read is what becomes a blob. */
export const checkKey = (id: string): string => `${UPLOAD_PREFIX}checks/${id}`;

/** Folder of a model version; ends in a slash. */
export const modelVersionPrefix = (project: string, model: string, number: number): string =>
  `projects/${project}/models/${model}/${number}/`;

/** Written last: its presence says that every other file of the version is whole. */
export const READY_MARKER = 'READY';

/** All model versions lie below this. */
export const MODEL_VERSION_PREFIX = 'projects/';

/** The model version in whose folder a key lies; undefined for any other key. */
export function modelVersionOfKey(key: string) {
  const [, project, model, number] = /^projects\/([^/]+)\/models\/([^/]+)\/(\d+)\//.exec(key) ?? [];
  if (project === undefined || model === undefined || number === undefined) return undefined;
  return { project, model, number: Number(number) };
}

/** Each database that keeps its bytes in the bucket has a mark below this. */
export const OWNER_PREFIX = 'owners/';
export const ownerKey = (databaseId: string): string => `${OWNER_PREFIX}${databaseId}`;
