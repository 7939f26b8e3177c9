import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { randomStream } from '../../dist/src/random/random-stream.js';
import { peerSettings } from './settings.mjs';

/** Writes the batch that every peer trains on: uniform in [-1, 1), the same in every run. @param {string} network */
export function writeInput(network) {
  const { inputFile, batchSize, imageSizePx } = peerSettings(network, 'full');
  const next = randomStream('bench/input');
  mkdirSync(dirname(inputFile), { recursive: true });
  writeFileSync(
    inputFile,
    new Float32Array(batchSize * imageSizePx ** 2 * 3).map(() => 2 * next() - 1),
  );
}
