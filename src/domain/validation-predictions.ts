import { z } from 'zod';

/** Class indices or places of images, one per image. */
const perImage = z.array(z.int().min(0)).readonly();

/** What one model takes its validation images for: a JSON file in object storage. */
export const validationPredictionsSchema = z
  .strictObject({
    images: perImage.describe('The place of each image among those of train, followed by those of validation, from 0.'),
    labels: perImage.describe('The class index of each image.'),
    predictions: perImage.describe('The class index that the weights gave each image.'),
  })
  .refine(
    ({ images, labels, predictions }) => images.length === labels.length && images.length === predictions.length,
    {
      error: 'images, labels and predictions must be of one length',
    },
  )
  .describe('What the weights of the best epoch, or of a soup, take the validation images for.');
export type ValidationPredictions = Readonly<z.infer<typeof validationPredictionsSchema>>;
