import { expect, it } from 'vitest';
import { SHARD_IMAGE_COUNT_MAX, SHARD_SIZE_BYTES_MAX, ShardPacker } from './shard-packer.js';

it('ends a shard after 20,000 images, however small they are', async () => {
  const lengths: number[] = [];
  let packedCount = 0;
  const put = (bytes: Uint8Array) => {
    lengths.push(bytes.length);
    return Promise.resolve({ sha256: 'a'.repeat(64), sizeBytes: bytes.length });
  };
  const packer = new ShardPacker(put, () => (packedCount += 1), SHARD_SIZE_BYTES_MAX);
  const image = { key: 'k', etag: 'e', sha256: 'b'.repeat(64), sizeBytes: 1, widthPx: 8, heightPx: 8 } as const;
  const record = { ...image, format: 'png', label: 'c', classIndex: 0, split: 'train' } as const;
  for (let index = 0; index <= SHARD_IMAGE_COUNT_MAX; index++) await packer.add(record, Uint8Array.of(1));
  expect(packedCount).toBe(SHARD_IMAGE_COUNT_MAX);
  await packer.flush();
  expect(lengths).toEqual([SHARD_IMAGE_COUNT_MAX, 1]);
  expect(packer.shards.map(({ imageCount }) => imageCount)).toEqual([SHARD_IMAGE_COUNT_MAX, 1]);
});
