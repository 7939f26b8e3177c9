import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { z } from 'zod';
import type { Layer } from '../../networks/layers.js';
import type { TrainingCheckpoint } from '../../training/loop/training-checkpoint.js';
import { epochMetricsSchema } from '../../training/metrics/epoch-metrics.js';

/** Grows whenever a checkpoint says something else, also where its shape stays. */
const FORMAT_VERSION = 3;
const DIGEST_BYTES = 32;

const tensorsSchema = z.map(
  z.string(),
  z.strictObject({ dtype: z.literal('F32'), shape: z.array(z.int().min(0)), data: z.instanceof(Float32Array) }),
);

/** The networks know the fields of each type of layer, and the version says that they mean the same. */
const layerSchema = z.custom<Layer>((value) => typeof value === 'object' && value !== null && 'type' in value);

const stageSchema = z.strictObject({
  parts: z.array(
    z.strictObject({
      layers: z.array(layerSchema),
      isTrained: z.boolean(),
      learnsNormsOnly: z.exactOptional(z.boolean()),
    }),
  ),
  isPrefixCached: z.boolean(),
  epochCount: z.int().positive(),
  gradientPassImageCount: z.exactOptional(z.int().min(0)),
});

const checkpointSchema: z.ZodType<TrainingCheckpoint> = z.strictObject({
  stages: z.array(stageSchema),
  epochs: z.array(epochMetricsSchema).min(1),
  weights: tensorsSchema,
  optimizer: z.strictObject({
    stepCount: z.int().min(0),
    slots: z.map(z.string(), z.array(z.instanceof(Float32Array))),
  }),
  bestWeights: tensorsSchema,
  microBatchSize: z.exactOptional(z.int().positive()),
});

const fileSchema = z.strictObject({ version: z.literal(FORMAT_VERSION), checkpoint: checkpointSchema });

/** The pieces of a file that holds a checkpoint: a SHA-256, and what it is the digest of, which may be gigabytes. */
export function checkpointPieces(checkpoint: TrainingCheckpoint): readonly Buffer[] {
  const payload = serialize({ version: FORMAT_VERSION, checkpoint });
  return [digestOf(payload), payload];
}

/** The checkpoint in a file; nothing when the file is torn, of another version, or of another shape. */
export function readCheckpoint(bytes: Buffer): TrainingCheckpoint | undefined {
  const payload = bytes.subarray(DIGEST_BYTES);
  if (!digestOf(payload).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
  return fileSchema.safeParse(deserialized(payload)).data?.checkpoint;
}

/** Nothing for what a newer Node has written. */
function deserialized(payload: Buffer): unknown {
  try {
    return deserialize(payload);
  } catch {
    return undefined;
  }
}

const digestOf = (payload: Uint8Array): Buffer => createHash('sha256').update(payload).digest();
