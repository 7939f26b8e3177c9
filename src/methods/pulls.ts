import { z } from 'zod';

const strength = z.number().min(0).max(100);

/** What a method that draws weights back to a starting point leaves open. */
export const alpha = strength.describe('The pull on pretrained weights, 0 to 100.');
export const beta = strength.describe('The pull on the head, 0 to 100.');
