import type { ScopeCounts } from '../storage/postgres/coordinator.repository.js';

/** How many of the scopes are this coordinator's to lead: the shares differ by one at the most, and add up to all scopes. */
export const fairShare = ({ scopeCount, coordinatorCount, rank }: Omit<ScopeCounts, 'heldCount'>): number =>
  Math.floor((scopeCount + coordinatorCount - 1 - rank) / coordinatorCount);
