/** Whether the worker has decided the command at a position of the log. */
import type { LogPosition } from '../common/ticket.ts';
import type { PartitionPosition } from './order-store.ts';
import type { PartitionProgress } from './partition-progress.ts';

export interface DecidedDeps {
  readonly partitionPositions: () => Promise<readonly PartitionPosition[]>;
  readonly progress: Pick<PartitionProgress, 'nextUnpublished' | 'publishedUpTo'>;
}

/**
 * Commands ahead of the position without a published outcome. Negative if the outcome of the position is published, or
 * if unknown.
 */
export function aheadOf(
  { progress }: Pick<DecidedDeps, 'progress'>,
  { partition, offset }: LogPosition,
): number {
  const next = progress.nextUnpublished(partition);
  return next === null ? -1 : offset - next;
}

/** Whether the outcome of the position is published, or its command is decided. Rejects if MySQL is unavailable. */
export async function isDecided(deps: DecidedDeps, position: LogPosition): Promise<boolean> {
  const next = deps.progress.nextUnpublished(position.partition);
  if (next !== null && next > position.offset) return true;
  return isPast(deps, position);
}

/** Whether the partition has decided the command at the position, according to the database. */
export async function isPast(deps: DecidedDeps, { partition, offset }: LogPosition): Promise<boolean> {
  const rows = await deps.partitionPositions();
  for (const row of rows) deps.progress.publishedUpTo(row.partition, row.publishedOffset);
  return (rows.find((row) => row.partition === partition)?.nextOffset ?? 0) > offset;
}
