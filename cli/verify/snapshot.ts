/**
 * One consistent view of the tables. Everything that was decided is in it whole or not at all, because a worker moves
 * `next_offset` in the transaction that writes the orders; so the view is compared with exactly the outcomes below
 * `next_offset`, and a running system can be checked as well as a resting one.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';

export interface LanePosition {
  next: number;
  published: number;
}

const POLL_MS = 100;

/** Starts the view on `db`; it ends with the connection. Nothing in it is locked. */
export async function beginSnapshot(db: Connection): Promise<void> {
  await db.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await db.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
}

/** Positions by partition; topics are stored with the installation's prefix or without one. */
export async function readPositions(db: Connection, topics: string[]): Promise<Map<number, LanePosition>> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT partition_id, next_offset, published_offset FROM lane_positions WHERE topic IN (?)',
    [topics],
  );
  return new Map(
    rows.map((row) => [
      Number(row['partition_id']),
      { next: Number(row['next_offset']), published: Number(row['published_offset']) },
    ]),
  );
}

/**
 * Waits until every partition has decided and published up to `ends` (by partition), for `waitMs` at most.
 * Whether it came true is for the caller to see in the snapshot; a wait that ends early is no error here.
 */
export async function waitForPositions(
  db: Connection,
  topics: string[],
  ends: number[],
  waitMs: number,
  onBehind: (commands: number) => void,
): Promise<void> {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    const positions = await readPositions(db, topics);
    const behind = ends.reduce((sum, end, partition) => {
      const position = positions.get(partition);
      return sum + Math.max(end - Math.min(position?.next ?? 0, position?.published ?? 0), 0);
    }, 0);
    if (behind === 0 || performance.now() >= deadlineMs) return;
    onBehind(behind);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
