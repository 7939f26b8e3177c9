import { z } from 'zod';

/** Which share of one class's examples was recognised. A class without examples has none, so it is left out of lists. */
export const classRecallSchema = z
  .strictObject({
    /** As in the dataset version's classes, and in `labels.json`. */
    classIndex: z.int().min(0),
    recall: z.number().min(0).max(1),
  })
  .meta({ id: 'ClassRecall' });
export type ClassRecall = Readonly<z.infer<typeof classRecallSchema>>;
