/** The paper resizes the shorter side to 232 and crops 224; other sizes keep that ratio. */
const RESIZE_PER_CROP = 232 / 224;

/** The shorter side of an image before `cropPx` pixels are cut from its centre. */
export const resizedShorterSidePx = (cropPx: number): number => Math.round(cropPx * RESIZE_PER_CROP);
