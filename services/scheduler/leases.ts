/**
 * Partitions that several schedulers share, without a leader.
 *
 *   each instance, every 3 s, in one transaction:
 *     lock the rows of `scheduler_leases` ──► say that this instance lives ──► count the instances
 *       ──► keep up to a fair share, release the rest ──► take free partitions up to the share
 *
 * A lease ends 10 s after its last renewal, by the clock of the database. Two owners of one partition only cause
 * repeated commands.
 */
import { PARTITIONS } from '../../topics/index.ts';
import { nowSql, type Pool, placeholders, type Session } from '../shared/mysql/index.ts';

export interface Leases {
  /** Renews the leases, and gives or takes partitions. Rejects if the database does not answer. */
  renew(): Promise<void>;
  /** Partitions whose lease has not ended, in ascending order. */
  held(): readonly number[];
  /** Gives all partitions back. */
  release(): Promise<void>;
}

export interface LeasesDeps {
  readonly pool: Pool;
  readonly instanceId: string;
  /** Epoch ms by the clock of the database. */
  readonly nowMs: () => number;
}

/** How long a lease and a sign of life are valid. */
const leaseMs = 10_000;
/** This much before its end, a lease no longer counts. */
const marginMs = 1_000;

interface LeaseRow {
  readonly partition_id: number;
  readonly owner: string;
  readonly leased_until_ms: number;
  readonly now_ms: number;
}

export function createLeases({ pool, instanceId, nowMs }: LeasesDeps): Leases {
  let partitions: readonly number[] = [];
  let untilMs = 0;
  return {
    async renew() {
      const renewed = await pool.transaction((session) => renewLeases(session, instanceId));
      partitions = renewed.partitions;
      untilMs = renewed.untilMs;
    },
    held: () => (nowMs() < untilMs - marginMs ? partitions : []),
    async release() {
      partitions = [];
      await pool.write("UPDATE scheduler_leases SET owner = '', leased_until_ms = 0 WHERE owner = ?", [
        instanceId,
      ]);
      await pool.write('DELETE FROM scheduler_members WHERE owner = ?', [instanceId]);
    },
  };
}

async function renewLeases(
  session: Session,
  instanceId: string,
): Promise<{ partitions: number[]; untilMs: number }> {
  // All instances lock these rows first, so none waits for another one in a circle.
  const rows = await session.rows<LeaseRow>(
    'SELECT partition_id, owner, leased_until_ms FROM scheduler_leases ORDER BY partition_id FOR UPDATE',
  );
  // The wait for the lock may have been long.
  const [time] = await session.rows<{ now_ms: number }>(`SELECT ${nowSql} AS now_ms`);
  const nowMs = Number(time!.now_ms);
  const untilMs = nowMs + leaseMs;
  const partitions = planLeases(rows, instanceId, nowMs, await countMembers(session, instanceId, nowMs));
  const mine = rows.filter(({ owner }) => owner === instanceId).map(({ partition_id }) => partition_id);
  const given = mine.filter((partition) => !partitions.includes(partition));
  await setOwner(session, partitions, { owner: instanceId, untilMs, nowMs });
  await setOwner(session, given, { owner: '', untilMs: 0, nowMs });
  return { partitions, untilMs };
}

/** The partitions of this instance after a renewal: its own up to its share, then free ones. */
export function planLeases(
  rows: readonly Pick<LeaseRow, 'partition_id' | 'owner' | 'leased_until_ms'>[],
  instanceId: string,
  nowMs: number,
  members: number,
): number[] {
  const share = Math.ceil(PARTITIONS / Math.max(1, members));
  const own = rows.filter(({ owner }) => owner === instanceId);
  const free = rows.filter((row) => row.owner !== instanceId && row.leased_until_ms <= nowMs);
  return [...own, ...free]
    .slice(0, share)
    .map(({ partition_id }) => partition_id)
    .toSorted((a, b) => a - b);
}

/** Number of instances that live, this one included. */
async function countMembers(session: Session, instanceId: string, nowMs: number): Promise<number> {
  await session.write(
    `INSERT INTO scheduler_members (owner, alive_until_ms) VALUES (?, ?)
     ON DUPLICATE KEY UPDATE alive_until_ms = VALUES(alive_until_ms)`,
    [instanceId, nowMs + leaseMs],
  );
  await session.write('DELETE FROM scheduler_members WHERE alive_until_ms <= ?', [nowMs]);
  const [row] = await session.rows<{ members: number }>('SELECT COUNT(*) AS members FROM scheduler_members');
  return Number(row!.members);
}

async function setOwner(
  session: Session,
  partitions: readonly number[],
  { owner, untilMs, nowMs }: { owner: string; untilMs: number; nowMs: number },
): Promise<void> {
  if (partitions.length === 0) return;
  await session.write(
    `UPDATE scheduler_leases SET owner = ?, leased_until_ms = ?, updated_at_ms = ?
     WHERE partition_id IN (${placeholders(partitions)})`,
    [owner, untilMs, nowMs, ...partitions],
  );
}
