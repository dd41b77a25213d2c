/**
 * One consistent view of the tables. A worker moves `next_offset` in the transaction that writes the orders. So the
 * view contains a decision completely or not at all. The view is compared with exactly the outcomes below
 * `next_offset`. A check of a running system is as exact as a check of an idle one.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';

export interface SnapshotPosition {
  next: number;
  published: number;
}

const POLL_MS = 100;

/** Starts the view on `db`. It ends with the connection and takes no locks. */
export async function beginSnapshot(db: Connection): Promise<void> {
  await db.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await db.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
}

/** Positions by partition. The tables have topic names with or without the prefix of the installation. */
export async function readPositions(
  db: Connection,
  topics: string[],
): Promise<Map<number, SnapshotPosition>> {
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
 * Waits until every partition has decided and published up to `ends` (by partition), for at most `waitMs`. A
 * timeout is no error here, because the caller compares the positions in the snapshot.
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
