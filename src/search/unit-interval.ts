/** The nearest number of [0, 1]. Gives 0 for -0, which Postgres would not keep. */
export const clipToUnit = (value: number): number => Math.min(1, Math.max(0, value));
