import { Client as S3 } from 'minio';
import { Client as Postgres } from 'pg';
import { blobKey } from '../../dist/src/storage/object-keys.js';

const BUCKET = 'biotune';

/**
 * Reads what the final models of a job took each test image for. No endpoint answers that, so it is read where the service
 * keeps it: the tasks that scored the models name their reports.
 *
 * @param {string} jobId
 * @param {{ databaseUrl: string, s3: { endpoint: string, accessKey: string, secretKey: string } }} stores
 * @returns {Promise<{ method: string, seed: number, labels: number[], predictions: number[] }[]>} the images of all models
 *   in one order.
 */
export async function readTestReports(jobId, { databaseUrl, s3 }) {
  const { hostname, port } = new URL(s3.endpoint);
  const { accessKey, secretKey } = s3;
  const store = new S3({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
    region: 'us-east-1',
  });
  const reports = [];
  for (const { key, sha256 } of await scoredTasks(jobId, databaseUrl)) {
    const [, method, seed] = key.split('/');
    const { labels, predictions } = await readJson(store, blobKey(sha256));
    reports.push({ method, seed: Number(seed), labels, predictions });
  }
  return reports;
}

/** @returns {Promise<{ key: string, sha256: string }[]>} keys are `score/METHOD/SEED`. */
async function scoredTasks(jobId, connectionString) {
  const database = new Postgres({ connectionString });
  await database.connect();
  try {
    const { rows } = await database.query(
      `SELECT key, result->'score'->'report'->>'sha256' AS sha256 FROM tasks
       WHERE scope = $1 AND starts_with(key, 'score/') AND result IS NOT NULL ORDER BY key`,
      [jobId],
    );
    return rows;
  } finally {
    await database.end();
  }
}

/** @param {S3} store @param {string} key */
async function readJson(store, key) {
  const parts = [];
  for await (const part of await store.getObject(BUCKET, key)) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}
