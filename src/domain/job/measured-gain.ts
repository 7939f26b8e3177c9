import { z } from 'zod';

export const measuredGainSchema = z
  .strictObject({
    median: z.number().describe('The median of the gains in test accuracy, as a fraction of the test images.'),
    low: z.number().describe('The smallest of the gains; below 0 a plain method did better.'),
    high: z.number().describe('The largest of the gains.'),
    sampleCount: z.int().positive().describe('The number of gains that were measured.'),
    sources: z
      .array(z.string())
      .min(1)
      .readonly()
      .describe("The files of the measured figures in the service's repository, one for each measured task."),
    imageCount: z.int().positive().describe('The number of training images of the first of these tasks.'),
    classCount: z.int().min(2).describe('The number of classes of the first of these tasks.'),
  })
  .meta({
    id: 'MeasuredGain',
    description:
      'What a search in the same mode gained over the best plain method, on the measured task whose numbers of ' +
      'training images and classes are nearest, and on those that are as near.',
  });
export type MeasuredGain = Readonly<z.infer<typeof measuredGainSchema>>;
