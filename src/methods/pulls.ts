import { z } from 'zod';
import { everyBlock, type ListScope, type MethodCandidate } from './method-definition.js';
import { techniqueType } from './technique-type.js';

const strength = z.number().min(0).max(100);

/** The pull of one training on the weights that were pretrained. */
export const alpha = strength.describe('The pull on pretrained weights, 0 to 100.');
const beta = strength.describe('The pull on the head, 0 to 100.');

/** What a method that draws weights back to where they began leaves open. */
export const pullSettings = z.strictObject({
  alphas: z
    .array(strength)
    .min(1)
    .max(20)
    .refine((list) => new Set(list).size === list.length, { error: 'each pull may be named once' })
    .readonly()
    .default([1, 0.1, 0.01, 0.001])
    .describe('The pulls on pretrained weights to try, 1 to 20, all different, each 0 to 100.'),
  beta: beta.default(0.01),
});

/** The technique of a method that draws weights back. */
export const pullTechnique = <const Id extends string>(id: Id) => ({
  schema: z.strictObject({ type: techniqueType(id), alpha, beta }),
});

/** Every block at the base learning rate, with each pull. */
export const everyBlockAtEachPull = (
  { blockCount }: ListScope,
  { alphas }: z.infer<typeof pullSettings>,
): MethodCandidate[] => alphas.map((pull) => ({ lrMultipliers: everyBlock(blockCount), settings: { alpha: pull } }));
