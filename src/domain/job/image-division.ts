/**
 * Which images trainings train on and validate on. FIXED: those of train, and those of validation. REDIVIDED: train and
 * validation together are cut into parts, and each training validates on one and trains on all others.
 */
export const IMAGE_DIVISIONS = ['FIXED', 'REDIVIDED'] as const;
export type ImageDivision = (typeof IMAGE_DIVISIONS)[number];
