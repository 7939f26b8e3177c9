import { z } from 'zod';
import { sha256Schema } from './text.js';

export const artifactSchema = z
  .strictObject({
    sha256: sha256Schema.describe('The SHA-256 of the bytes, in lower-case hexadecimal.'),
    sizeBytes: z.int().min(0).describe('The number of bytes.'),
  })
  .meta({ id: 'Artifact', description: 'Bytes in object storage, named by what they are.' });
export type Artifact = Readonly<z.infer<typeof artifactSchema>>;
