/** Every path in the bucket is built here. */

/** Content-addressed bytes: packed images, manifests, weights. */
export const blobKey = (sha256: string): string => `blobs/sha256/${sha256.slice(0, 2)}/${sha256}`;

/** Where a worker puts bytes that it says have this hash; they become a blob once the coordinator has read them through. */
export const uploadKey = (taskId: string, fence: number, sha256: string): string =>
  `uploads/${taskId}/${fence}/${sha256}`;

/** Where an upload is read through: no link leads here, so that what was read is what becomes a blob. */
export const checkKey = (id: string): string => `uploads/checks/${id}`;

/** Folder of a model version; ends in a slash. */
export const modelVersionPrefix = (project: string, model: string, number: number): string =>
  `projects/${project}/models/${model}/${number}/`;

/** Written last: its presence says that every other file of the version is whole. */
export const READY_MARKER = 'READY';
