import { METHOD_TABLE, type Technique } from './method-table.js';
import type { MethodDefinition } from './method-definition.js';
import { type HeadInit, probeOf, type Stage } from './stage.js';

/** What a training does, as far as its stages follow from it. */
export interface StagePlan {
  readonly technique: Technique;
  /** One per block, input side first; 0 freezes the block. */
  readonly lrMultipliers: readonly number[];
  /** As `Stage.normBlocks`. */
  readonly normBlocks?: readonly number[];
  readonly epochCount: number;
  readonly headInit: HeadInit;
  /** The epochs of each stage in place of those that follow from `epochCount`; absent where they follow from it. */
  readonly stageEpochCounts?: readonly number[];
}

/** What is trained one after the other; multipliers are those of the plan where a block learns. */
export function stagesOf({
  technique,
  lrMultipliers,
  normBlocks,
  epochCount,
  headInit,
  stageEpochCounts = [],
}: StagePlan): Stage[] {
  const blocks: Stage = {
    part: 'BLOCKS',
    lrMultipliers,
    epochCount,
    restartsSchedule: true,
    ...(normBlocks !== undefined && { normBlocks }),
  };
  const table: readonly MethodDefinition[] = METHOD_TABLE;
  const method = table.find(({ id }) => id === technique.type);
  const own = method !== undefined && 'technique' in method ? method.technique : undefined;
  const stages = own?.stages?.(technique, blocks) ?? [blocks];
  const all = headInit === 'PROBE' ? [startOf(blocks), ...stages] : stages;
  return all.map((stage, index) => ({ ...stage, epochCount: stageEpochCounts[index] ?? stage.epochCount }));
}

/** The head learns at the full rate, whatever becomes of it afterwards. */
function startOf({ normBlocks: _ofTheBody, ...blocks }: Stage): Stage {
  const last = blocks.lrMultipliers.length - 1;
  return {
    ...probeOf(blocks),
    lrMultipliers: blocks.lrMultipliers.map((_, block) => (block === last ? 1 : 0)),
    isStart: true,
  };
}
