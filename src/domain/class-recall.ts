import { z } from 'zod';

export const classRecallSchema = z
  .strictObject({
    classIndex: z
      .int()
      .min(0)
      .describe("The index of the class, as in the dataset version's classes and in `labels.json`."),
    recall: z.number().min(0).max(1).describe("The share of the class's images that was recognised, 0 to 1."),
  })
  .meta({
    id: 'ClassRecall',
    description:
      "The share of one class's images that was recognised. A class without images has none, so it is " +
      'left out of lists.',
  });
export type ClassRecall = Readonly<z.infer<typeof classRecallSchema>>;
