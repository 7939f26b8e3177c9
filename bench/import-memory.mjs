// That an import of millions of images takes flat memory: `node bench/import-memory.mjs [COUNT]`, after scripts/setup.mjs. It
// starts itself with a heap of 256 MB. Everything runs but the decoding: images and thumbnails are made up, every 50th image is
// a copy. Prints the resident memory after each step; needs 2 kB of disk an image in the folder for temporary files.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { classedImages } from '../dist/src/datasets/import/classed-images.js';
import { findCopies } from '../dist/src/datasets/copies/find-copies.js';
import { ImageFacts } from '../dist/src/datasets/copies/image-facts.js';
import { IssueCollector } from '../dist/src/datasets/issues.js';
import { keepTogether } from '../dist/src/datasets/splits/keep-together.js';
import { ClassFolders } from '../dist/src/datasets/layouts/layout.js';
import { packImages } from '../dist/src/datasets/import/pack-images.js';
import { SortedObjects } from '../dist/src/datasets/import/sorted-objects.js';
import { divideClasses } from '../dist/src/datasets/splits/split.js';

const HEAP_MB = 256;
const CLASS_COUNT = 1000;
const COPY_EVERY = 50;
const SPLIT = { trainFraction: 0.7, validationFraction: 0.15, testFraction: 0.15, seed: 0 };

const count = Number(process.argv[2] ?? 2_000_000);
if (process.execArgv.length === 0) {
  const self = [fileURLToPath(import.meta.url), String(count)];
  const { status } = spawnSync(process.execPath, [`--max-old-space-size=${HEAP_MB}`, ...self], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else {
  const folder = mkdtempSync(join(tmpdir(), 'import-memory-'));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} folder */
async function run(folder) {
  const temporaryPath = (name) => join(folder, name);
  report('start');
  const folders = new ClassFolders('images', new IssueCollector());
  const objects = await SortedObjects.read(listing(folders), temporaryPath);
  const sizes = folders.classes();
  const images = await classedImages(objects, sizes, SPLIT.seed);
  report('listed and sorted');
  const facts = new ImageFacts(objects.length, temporaryPath('thumbnails'));
  for (let image = 0; image < objects.length; image++) facts.set(image, fact(numberOf(objects.at(image).key)));
  report('facts kept');
  const copies = await findCopies(facts, () => Promise.resolve());
  const groupedCount = copies.groups.filter((group, image) => group !== image).length;
  report(`copies found: ${groupedCount} of ${Math.floor(count / COPY_EVERY)}`);
  const labels = [...sizes.keys()];
  const { splits } = keepTogether(images, divideClasses(images, SPLIT), copies.groups, SPLIT, labels);
  report('divided');
  const source = { fetch: (object) => Promise.resolve(bytesOf(numberOf(object.key))) };
  const fetching = { source, objects, onProgress: () => undefined };
  const indices = new Map(labels.map((label, index) => [label, index]));
  const { manifest, shards } = await packImages(fetching, {
    sink: { put, putFile },
    facts,
    splits,
    classIndexOf: (label) => indices.get(label),
    shardSizeBytesMax: 64 * 1024 * 1024,
    manifestPath: temporaryPath('manifest'),
  });
  report(`manifest of ${manifest.sizeBytes} bytes written, ${shards.length} shards`);
}

/** Keys in an order of their own: a server may list in any. */
async function* listing(folders) {
  for (let place = 0; place < count; place++) {
    const number = (place * 7919) % count;
    const key = `images/class-${number % CLASS_COUNT}/photograph-${number}.jpg`;
    const etag = `"${createHash('md5').update(key).digest('hex')}"`;
    const label = folders.labelOf(key);
    if (label !== undefined) yield { key, etag, sizeBytes: bytesOf(number).length, label };
  }
}

function numberOf(key) {
  return Number(/-(\d+)\.jpg$/.exec(key)?.[1]);
}

function bytesOf(number) {
  return Buffer.from(`image ${number}`);
}

function isCopy(number) {
  return number % COPY_EVERY === COPY_EVERY - 1;
}

/** A picture of its own for each number; that of a copy is its neighbour's, with some noise. */
function fact(number) {
  const sha256 = createHash('sha256').update(bytesOf(number)).digest('hex');
  const thumbnail = noise(isCopy(number) ? number - 1 : number, 256);
  if (isCopy(number))
    for (const [at, value] of noise(number, 8).entries()) thumbnail[at] = Math.min(255, thumbnail[at] + value);
  return { sha256, widthPx: 640, heightPx: 480, format: 'jpeg', thumbnail };
}

function noise(seed, below) {
  const values = new Uint8Array(768);
  let state = (seed + 1) * 2654435761;
  for (let at = 0; at < values.length; at++) {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + at) >>> 0;
    values[at] = (state >>> 8) % below;
  }
  return values;
}

function put(bytes) {
  return Promise.resolve({ sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length });
}

async function putFile(path) {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

function report(step) {
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const mb = (bytes) => String(Math.round(bytes / 1e6)).padStart(5);
  const seconds = (performance.now() / 1000).toFixed(0).padStart(5);
  console.log(`${seconds} s  resident ${mb(rss)} MB  heap ${mb(heapUsed)} MB  arrays ${mb(arrayBuffers)} MB  ${step}`);
}
