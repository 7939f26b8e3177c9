import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { unzipSync } from 'fflate';
import { Client } from 'minio';

const BUCKET = 'datasets';
const PARALLEL_COUNT = 16;
const CONTENT_TYPES = { '.png': 'image/png', '.jpg': 'image/jpeg' };

/**
 * Puts the images of a zip into the S3 server, each as an object of its own, unless as many are there already.
 *
 * @param {string} zipFile With one folder per class.
 * @param {string} prefix
 * @param s3 Where the server is, and its keys, as in connection.json.
 * @returns {Promise<string>} their s3 uri.
 */
export async function uploadImages(zipFile, prefix, s3) {
  const { hostname, port } = new URL(s3.endpoint);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    ...keys(s3),
    region: 'us-east-1',
  });
  const images = Object.entries(unzipSync(readFileSync(zipFile))).filter(([path]) => !path.endsWith('/'));
  const uri = `s3://${BUCKET}/${prefix}`;
  if (!(await client.bucketExists(BUCKET))) await client.makeBucket(BUCKET);
  if ((await count(client, prefix)) === images.length) {
    console.log(`${images.length} images are at ${uri} already`);
    return uri;
  }
  let done = 0;
  const queue = images.values();
  const worker = async () => {
    for (const [path, bytes] of queue) {
      await client.putObject(BUCKET, `${prefix}/${path}`, Buffer.from(bytes), bytes.length, {
        'Content-Type': CONTENT_TYPES[extname(path)],
      });
      done += 1;
      if (done % 100 === 0) show(`Uploading images to ${uri}: ${done} of ${images.length}`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_COUNT }, worker));
  show(`Uploaded ${images.length} images to ${uri}\n`);
  return uri;
}

const keys = ({ accessKey, secretKey }) => ({ accessKey, secretKey });

async function count(client, prefix) {
  let found = 0;
  for await (const _object of client.listObjectsV2(BUCKET, `${prefix}/`, true)) found += 1;
  return found;
}

function show(text) {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
  else if (text.endsWith('\n')) process.stdout.write(text);
}
