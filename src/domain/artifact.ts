import { z } from 'zod';
import { sha256Schema } from './text.js';

/** Bytes in object storage, named by what they are. */
export const artifactSchema = z.strictObject({ sha256: sha256Schema, sizeBytes: z.int().min(0) });
export type Artifact = Readonly<z.infer<typeof artifactSchema>>;
