// How well copies of images are told from images that look alike: `node bench/copies.mjs ARCHIVE.zip…`, after scripts/setup.mjs.
// Each archive holds <class>/<image>. Every n-th image is re-encoded and resized; found is a copy that ends up in one group
// with its original. Beside it what is found among the archive's own images, where few copies are expected.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { unzipSync } from 'fflate';
import sharp from 'sharp';
import { findCopies } from '../dist/src/datasets/copies/find-copies.js';
import { ImageFacts } from '../dist/src/datasets/copies/image-facts.js';
import { checkImage } from '../dist/src/datasets/images/check-image.js';

const COPIED_COUNT = 100;
const pause = () => Promise.resolve();

const resized =
  (factor) =>
  (image, { width, height }) =>
    image.resize(Math.max(8, Math.round(width * factor)), Math.max(8, Math.round(height * factor)), { fit: 'fill' });

/** @type {Record<string, (image: sharp.Sharp, size: sharp.Metadata) => sharp.Sharp>} */
const COPIES = {
  PNG: (image) => image.png(),
  'JPEG 95': (image) => image.jpeg({ quality: 95 }),
  'JPEG 80': (image) => image.jpeg({ quality: 80 }),
  'JPEG 50': (image) => image.jpeg({ quality: 50 }),
  'WebP 80': (image) => image.webp({ quality: 80 }),
  'WebP 50': (image) => image.webp({ quality: 50 }),
  'x0.5 PNG': (image, size) => resized(0.5)(image, size).png(),
  'x0.75 JPEG 80': (image, size) => resized(0.75)(image, size).jpeg({ quality: 80 }),
  'x1.5 JPEG 80': (image, size) => resized(1.5)(image, size).jpeg({ quality: 80 }),
  'x2 PNG': (image, size) => resized(2)(image, size).png(),
};

for (const archive of process.argv.slice(2)) await measure(archive);

/** @param {string} archive */
async function measure(archive) {
  const folder = mkdtempSync(join(tmpdir(), 'copies-'));
  try {
    const entries = Object.entries(unzipSync(readFileSync(archive)));
    const [files, images] = [entries.map(([path]) => path), entries.map(([, bytes]) => bytes)];
    console.log(`\n${basename(archive)}: ${images.length} images`);
    const checked = await checkedImages(images);
    const own = await found(checked, join(folder, 'own-thumbnails'));
    const groups = groupsOf(own.groups);
    const doubtCount = own.doubts.filter((other, image) => other !== image).length;
    const crowdedCount = own.areCrowded.filter((flag) => flag === 1).length;
    console.log(`  groups of copies: ${groups.length}, images in doubt: ${doubtCount}, in crowds: ${crowdedCount}`);
    for (const group of groups.slice(0, 5)) console.log(`    ${group.map((image) => files[image]).join(' = ')}`);
    await measureCopies(images, checked, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureCopies(images, checked, folder) {
  const step = Math.ceil(images.length / COPIED_COUNT);
  const originals = images.flatMap((_, index) => (index % step === 0 ? [index] : []));
  for (const [kind, make] of Object.entries(COPIES)) {
    const copies = [];
    for (const index of originals) {
      const image = sharp(images[index]);
      copies.push(await make(image, await image.metadata()).toBuffer());
    }
    const { groups, doubts } = await found(
      [...checked, ...(await checkedImages(copies))],
      join(folder, `${kind.replaceAll(' ', '-')}-thumbnails`),
    );
    const isFound = (original, place) => groups[original] === groups[images.length + place];
    const foundCount = originals.filter(isFound).length;
    const isInDoubt = (original, place) =>
      !isFound(original, place) && doubts[images.length + place] !== images.length + place;
    const doubtCount = originals.filter(isInDoubt).length;
    console.log(`  ${kind.padEnd(14)} found ${foundCount} of ${originals.length}, in doubt ${doubtCount}`);
  }
}

async function checkedImages(images) {
  const found = [];
  for (const [index, bytes] of images.entries()) {
    const checked = await checkImage({ key: String(index), sizeBytes: bytes.length }, bytes);
    if (checked instanceof Error) throw checked;
    found.push({ ...checked.info, sha256: checked.sha256 });
  }
  return found;
}

async function found(checked, path) {
  const facts = new ImageFacts(checked.length, path);
  try {
    for (const [index, fact] of checked.entries()) facts.set(index, fact);
    return await findCopies(facts, pause);
  } finally {
    facts.delete();
  }
}

/** @param {Uint32Array} groups */
function groupsOf(groups) {
  const members = new Map();
  for (const [image, group] of groups.entries()) members.set(group, [...(members.get(group) ?? []), image]);
  return [...members.values()].filter((images) => images.length > 1);
}
