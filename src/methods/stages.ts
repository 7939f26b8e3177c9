import { METHOD_TABLE, type Technique } from './method-table.js';
import type { MethodDefinition } from './method-definition.js';
import type { Stage } from './stage.js';

/** What a training does, as far as its stages follow from it. */
export interface StagePlan {
  readonly technique: Technique;
  /** One per block, input side first; 0 freezes the block. */
  readonly lrMultipliers: readonly number[];
  readonly epochCount: number;
}

/** What is trained one after the other; multipliers are those of the plan where a block learns. */
export function stagesOf({ technique, lrMultipliers, epochCount }: StagePlan): Stage[] {
  const blocks: Stage = { part: 'BLOCKS', lrMultipliers, epochCount, restartsSchedule: true };
  const table: readonly MethodDefinition[] = METHOD_TABLE;
  const method = table.find(({ id }) => id === technique.type);
  const own = method !== undefined && 'technique' in method ? method.technique : undefined;
  return own?.stages?.(technique, blocks) ?? [blocks];
}
