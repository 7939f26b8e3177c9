/** The 97.5th percentile of the normal distribution: two-sided 95 %. */
export const NORMAL_97_5 = 1.959964;
