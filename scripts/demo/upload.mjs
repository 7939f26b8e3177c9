import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { Client } from 'minio';

const BUCKET = 'datasets';
const PREFIX = 'fashion-small';
const PARALLEL_COUNT = 16;

/** Puts the images of assets/fashion-small into the S3 server, each as an object of its own. @returns their s3 uri. */
export async function uploadFashionSmall(root, s3) {
  const { hostname, port } = new URL(s3.endpoint);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    ...keys(s3),
    region: 'us-east-1',
  });
  const images = Object.entries(unzipSync(readFileSync(join(root, 'assets/fashion-small/fashion-small.zip')))).filter(
    ([path]) => !path.endsWith('/'),
  );
  const uri = `s3://${BUCKET}/${PREFIX}`;
  if (!(await client.bucketExists(BUCKET))) await client.makeBucket(BUCKET);
  if ((await count(client)) === images.length) {
    console.log(`${images.length} images are at ${uri} already`);
    return uri;
  }
  let done = 0;
  const queue = images.values();
  const worker = async () => {
    for (const [path, bytes] of queue) {
      await client.putObject(BUCKET, `${PREFIX}/${path}`, Buffer.from(bytes), bytes.length, {
        'Content-Type': 'image/png',
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

async function count(client) {
  let found = 0;
  for await (const _object of client.listObjectsV2(BUCKET, `${PREFIX}/`, true)) found += 1;
  return found;
}

function show(text) {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
  else if (text.endsWith('\n')) process.stdout.write(text);
}
