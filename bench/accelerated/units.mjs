/**
 * One job of one arm, task and search seed.
 *
 * @typedef {{ arm: string, task: string, searchSeed: number }} Unit
 */

/** Names a unit within its task. @param {Omit<Unit, 'task'>} unit */
export const keyOf = ({ arm, searchSeed }) => `${arm} ${searchSeed}`;

/**
 * All units that are asked for, in an order that makes an early stop useful: the first search seed of every arm on the main
 * tasks, then on the others, then one seed more of each. Arms come in the order of their table.
 *
 * @param {readonly string[]} arms
 * @param {readonly { name: string, isMain: boolean, searchSeedCount: number }[]} tasks
 * @returns {Unit[]}
 */
export function unitsOf(arms, tasks) {
  const seedCount = Math.max(...tasks.map(({ searchSeedCount }) => searchSeedCount));
  const seeds = Array.from({ length: seedCount }, (_, index) => index + 1);
  return seeds.flatMap((searchSeed) =>
    [true, false].flatMap((isMain) =>
      arms.flatMap((arm) =>
        tasks
          .filter((task) => task.isMain === isMain && searchSeed <= task.searchSeedCount)
          .map(({ name }) => ({ arm, task: name, searchSeed })),
      ),
    ),
  );
}

/**
 * Whether there is time for a unit: as much as units of its arm took on the mean, or else all units. Before any was measured
 * there is.
 *
 * @param {Unit} unit
 * @param {readonly { arm: string, unitSeconds: number }[]} measured Of all tasks.
 * @param {number} secondsLeft
 */
export function hasTimeFor({ arm }, measured, secondsLeft) {
  const ofArm = measured.filter((unit) => unit.arm === arm);
  const like = ofArm.length > 0 ? ofArm : measured;
  const seconds = like.reduce((sum, { unitSeconds }) => sum + unitSeconds, 0);
  return secondsLeft > 0 && (like.length === 0 || seconds / like.length <= secondsLeft);
}
