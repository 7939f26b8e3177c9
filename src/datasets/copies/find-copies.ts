import { DisjointSets } from './disjoint-sets.js';
import { visitEqualPairs } from './equal-pairs.js';
import type { ImageFacts } from './image-facts.js';
import { visitNearPairs } from './near-pairs.js';
import { likenessOf, thumbnailDistance } from './thumbnail-distance.js';
import { THUMBNAIL_LENGTH } from '../images/thumbnail.js';

/**
 * Larger groups of images that only look alike are not believed: their images have too little in them to be
 * distinguished.
 */
export const LOOKALIKE_COUNT_MAX = 100;

/** What was found among images numbered from 0; 13 bytes an image. */
export interface FoundCopies {
  /** The smallest number among an image and its copies: its own where it has none. */
  readonly groups: Uint32Array;
  /** One image that it may be a copy of, which nobody could say; its own number where there is none. */
  readonly doubts: Uint32Array;
  /** 1 for members of a group that was too large to be believed: they are grouped by equal bytes alone. */
  readonly areCrowded: Uint8Array;
}

/**
 * Finds images that are copies of each other: equal bytes, equal pixels, and what looks the same after re-encoding or
 * resizing. Copies of copies are in one group. The result follows from the images and their numbers alone.
 *
 * @param pause Awaited now and then, so that others run.
 */
export async function findCopies(facts: ImageFacts, pause: () => Promise<void>): Promise<FoundCopies> {
  const equal = new DisjointSets(facts.count);
  visitEqualPairs(facts.digests, 4, (a, b) => equal.join(a, b));
  await pause();
  const alike = new DisjointSets(facts.count);
  for (let index = 0; index < facts.count; index++) alike.join(index, equal.find(index));
  visitEqualPairs(facts.pixelDigests, 2, (a, b) => alike.join(a, b));
  await pause();
  const doubts = Uint32Array.from({ length: facts.count }, (_, index) => index);
  await visitNearPairs(facts.hashes, nearPairJudge(facts, alike, doubts), pause);
  return { ...believable(equal, alike, facts.count), doubts };
}

/** Joins the copies among candidates, and notes the first doubt of each image. */
function nearPairJudge(facts: ImageFacts, alike: DisjointSets, doubts: Uint32Array): (a: number, b: number) => void {
  const [thumbnailA, thumbnailB] = [new Uint8Array(THUMBNAIL_LENGTH), new Uint8Array(THUMBNAIL_LENGTH)];
  let read = -1;
  return (a, b) => {
    if (facts.arePlain[a] === 1 || facts.arePlain[b] === 1 || alike.find(a) === alike.find(b)) return;
    // Candidates of one image come one after the other.
    if (read !== a) facts.thumbnail(a, thumbnailA);
    read = a;
    const distance = thumbnailDistance(thumbnailA, facts.thumbnail(b, thumbnailB));
    const likeness = likenessOf(distance, Math.max(shorterSidePx(facts, a), shorterSidePx(facts, b)));
    if (likeness === 'COPY') alike.join(a, b);
    if (likeness !== 'UNSURE') return;
    if (doubts[a] === a) doubts[a] = b;
    if (doubts[b] === b) doubts[b] = a;
  };
}

function shorterSidePx(facts: ImageFacts, index: number): number {
  const { widthPx, heightPx } = facts.shape(index);
  return Math.min(widthPx, heightPx);
}

function believable(equal: DisjointSets, alike: DisjointSets, count: number): Omit<FoundCopies, 'doubts'> {
  const [equalSizes, alikeSizes] = [setSizes(equal, count), setSizes(alike, count)];
  const groups = new Uint32Array(count);
  const areCrowded = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const [equalRoot, alikeRoot] = [equal.find(index), alike.find(index)];
    const size = alikeSizes[alikeRoot] ?? 0;
    const isBelieved = size <= LOOKALIKE_COUNT_MAX || size === equalSizes[equalRoot];
    groups[index] = isBelieved ? alikeRoot : equalRoot;
    areCrowded[index] = isBelieved ? 0 : 1;
  }
  return { groups, areCrowded };
}

function setSizes(sets: DisjointSets, count: number): Uint32Array {
  const sizes = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const root = sets.find(index);
    sizes[root] = (sizes[root] ?? 0) + 1;
  }
  return sizes;
}
