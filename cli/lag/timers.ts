/** Reads the work of the schedulers: orders that are due, and the owner of each partition. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { timedStatuses } from '../../services/scheduler/timers/timer-kinds.ts';
import { count } from '../output.ts';

export interface TimerStanding {
  /** Number of orders that are due; not more than `dueCountMax` are counted. */
  readonly due: number;
  /** The due time of the oldest one, in epoch ms; null if there is none. */
  readonly oldestAtMs: number | null;
  /** The due time of the next order, in epoch ms; null if there is none. */
  readonly nextAtMs: number | null;
  readonly leases: readonly TimerLease[];
}

interface TimerLease {
  readonly partition: number;
  /** Empty if no scheduler took the partition, or one gave it back. */
  readonly owner: string;
  readonly leasedUntilMs: number;
}

/** Maximum number of orders that are counted. Many due orders must not make `orderstream lag` slow. */
export const dueCountMax = 100_000;

const ofTimers = `FROM orders FORCE INDEX (orders_timer) WHERE status IN (?) AND timer_at_ms`;

/** @param nowMs epoch ms by the clock of the database */
export async function readTimers(db: Connection, nowMs: number): Promise<TimerStanding> {
  const statuses = [...timedStatuses];
  const first = async (range: string): Promise<number | null> => {
    const [rows] = await db.query<RowDataPacket[]>(
      `SELECT timer_at_ms AS at ${ofTimers} ${range} ORDER BY timer_at_ms LIMIT 1`,
      [statuses, nowMs],
    );
    return rows[0] === undefined ? null : Number(rows[0]['at']);
  };
  const [counted] = await db.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS due FROM (SELECT 1 ${ofTimers} <= ? LIMIT ${dueCountMax}) AS counted`,
    [statuses, nowMs],
  );
  const [leases] = await db.query<(TimerLease & RowDataPacket)[]>(
    'SELECT partition_id AS `partition`, owner, leased_until_ms AS leasedUntilMs FROM scheduler_leases ORDER BY partition_id',
  );
  return {
    due: Number(counted[0]!['due']),
    oldestAtMs: await first('<= ?'),
    nextAtMs: await first('> ?'),
    leases,
  };
}

/** Two sentences for people: the orders, and the partitions of each scheduler. */
export function timersText(standing: TimerStanding, nowMs: number): string {
  return `timers: ${dueText(standing, nowMs)}\nschedulers: ${leasesText(standing.leases, nowMs)}`;
}

function dueText({ due, oldestAtMs, nextAtMs }: TimerStanding, nowMs: number): string {
  const next = nextAtMs === null ? '' : `; the next one in ${seconds(nextAtMs - nowMs)}`;
  if (due === 0 || oldestAtMs === null) return `no order is due${next}`;
  const orders = `${due < dueCountMax ? '' : 'at least '}${count(due)} ${due === 1 ? 'order is' : 'orders are'} due`;
  return `${orders}, the oldest for ${seconds(nowMs - oldestAtMs)}${next}`;
}

function leasesText(leases: readonly TimerLease[], nowMs: number): string {
  const isHeld = ({ owner, leasedUntilMs }: TimerLease): boolean => owner !== '' && leasedUntilMs > nowMs;
  const held = Map.groupBy(leases.filter(isHeld), ({ owner }) => owner);
  const parts = [...held].map(([owner, own]) => `${owner} has ${partitionsText(own)}`);
  const free = leases.filter((lease) => !isHeld(lease));
  if (free.length > 0) parts.push(`no scheduler has ${partitionsText(free)}${lastOwners(free, nowMs)}`);
  return parts.join('; ');
}

function partitionsText(leases: readonly TimerLease[]): string {
  return `partition${leases.length === 1 ? '' : 's'} ${leases.map(({ partition }) => partition).join(', ')}`;
}

/** Schedulers that did not renew their leases: they ended without a stop, or they are frozen. */
function lastOwners(free: readonly TimerLease[], nowMs: number): string {
  const lost = Map.groupBy(
    free.filter(({ owner }) => owner !== ''),
    ({ owner }) => owner,
  );
  const ended = [...lost].map(([owner, own]) => {
    const sinceMs = nowMs - Math.max(...own.map(({ leasedUntilMs }) => leasedUntilMs));
    return `the leases of ${owner} ended ${seconds(sinceMs)} ago`;
  });
  return ended.length === 0 ? '' : ` (${ended.join(', ')})`;
}

function seconds(ms: number): string {
  return `${count(Math.max(0, Math.round(ms / 1_000)))} s`;
}
