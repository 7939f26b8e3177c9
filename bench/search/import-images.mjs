import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Registers images as a dataset, and waits until they are imported.
 *
 * @param request Body of `POST /datasets`.
 * @returns the version, which is ACTIVE.
 * @throws {Error} with the reason, where images are refused.
 */
export async function importImages(rest, request) {
  const { id } = await rest.post('/datasets', request);
  for (;;) {
    const { latestVersion } = await rest.get(`/datasets/${id}`);
    if (latestVersion.state === 'ACTIVE') return latestVersion;
    if (latestVersion.error !== undefined) throw new Error(`the images were refused: ${latestVersion.error.message}`);
    await sleep(200);
  }
}
