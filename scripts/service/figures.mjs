/** A share, as people read it. */
export const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** Minutes and seconds. */
export const clock = (seconds) =>
  seconds === undefined ? '–' : `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
