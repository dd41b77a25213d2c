/**
 * (b) Compares outcomes and rows, and (e) Redis and rows. It covers remembered orders, orders whose row looked
 * wrong when their outcome arrived, and open findings.
 */
import type { OrderMoney, OrderUnits } from '../../../schemas/index.ts';
import { partitionOfOrder } from '../../../topics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Redis } from '../../shared/redis/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import { readLanes, type WorkerPositions } from '../following/worker-positions.ts';
import { type ExpectedOrder, isSameMoney, isSameUnits, type Memory } from '../matching/recent-outcomes.ts';
import { type CachedOrder, createCacheReader } from './cached-orders.ts';
import type { Check, OpenFinding } from './check.ts';
import { expectedIn } from './expected.ts';
import { type RowState, readExpectedOrders, readOrders } from './order-rows.ts';
import { inChunks, type Pace } from './pace.ts';

/** Maximum number of orders of one query. */
const chunkOrders = 500;

export interface OrdersDeps {
  mysql: Queryable;
  redis: Pick<Redis, 'run' | 'script'> | null;
  memory: Memory;
  pace: Pace;
}

export function ordersCheck({ mysql, redis, memory, pace }: OrdersDeps): Check {
  const readCache = redis === null ? null : createCacheReader(redis);
  return {
    name: 'orders',
    kinds: ['ORDER_MISSING', 'ORDER_DIFFERS', 'CACHE_DIFFERS'],
    async run(open, tally, signal) {
      const { subjects, unknown } = subjectsOf(open, memory);
      let cacheUnseen = readCache === null;
      for (const chunk of inChunks([...subjects], chunkOrders)) {
        await pace.chunk(async () => {
          const rows = await readRows(mysql, chunk);
          const there = chunk.flatMap(([orderId]) => rows.get(orderId) ?? []);
          const cached = readCache === null ? null : await readCache(there);
          cacheUnseen ||= cached === null;
          const differences: Difference[] = [];
          for (const [orderId, remembered] of chunk) {
            // An outcome may have arrived during the read of the rows.
            const expected = memory.order(orderId) ?? remembered;
            const row = rows.get(orderId);
            const difference = expected === null ? null : compareRow(expected, row);
            if (difference === null) memory.unwatch(orderId);
            else differences.push(difference);
            const stale = row === undefined ? null : compareCache(row, cached?.get(orderId) ?? null);
            if (stale !== null) differences.push(stale);
          }
          const lanes = differences.length > 0 ? await readLanes(mysql) : new Map();
          for (const difference of differences) tally.add(withBarrier(difference, lanes));
        }, signal);
      }
      return {
        unsure: ({ kind, subject }) => (kind === 'CACHE_DIFFERS' ? cacheUnseen : unknown.has(subject)),
        isPartial: (kind) => kind === 'CACHE_DIFFERS' && cacheUnseen,
      };
    },
  };
}

async function readRows(
  mysql: Queryable,
  subjects: readonly [orderId: string, expected: ExpectedOrder | null][],
): Promise<Map<string, RowState>> {
  const rows = await readExpectedOrders(
    mysql,
    subjects.flatMap(([, expected]) => expected ?? []),
  );
  const unknown = subjects.flatMap(([orderId, expected]) => (expected === null ? [orderId] : []));
  if (unknown.length === 0) return rows;
  return new Map([...rows, ...(await readOrders(mysql, unknown))]);
}

/** Null if row and outcome agree. A newer row is also a difference, because its outcome must arrive. */
export function compareRow(expected: ExpectedOrder, row: RowState | undefined): Difference | null {
  const { orderId, version, status, total, customerId, money, units } = expected;
  const agrees =
    row !== undefined &&
    row.version === version &&
    (status === null || row.status === status) &&
    (total === null || row.total === total) &&
    (customerId === null || row.customerId === customerId) &&
    isSameMoney(money, row.money) &&
    isSameUnits(units, row.units);
  if (agrees) return null;
  const wanted = textOf(expected);
  return row === undefined
    ? { kind: 'ORDER_MISSING', subject: orderId, expected: wanted, actual: 'no row' }
    : { kind: 'ORDER_DIFFERS', subject: orderId, expected: wanted, actual: textOf(row) };
}

type Sides = Pick<RowState, 'version'> & {
  status: string | null;
  total: number | null;
  customerId: string | null;
  money: OrderMoney | null;
  units: OrderUnits | null;
};

function textOf({ version, status, total, customerId, money, units }: Sides): string {
  return JSON.stringify({ version, status, total, customerId, money, units });
}

export function compareCache(row: RowState, cached: CachedOrder | null): Difference | null {
  if (cached === null) return null;
  if (cached.version === row.version && (cached.status === null || cached.status === row.status)) return null;
  return {
    kind: 'CACHE_DIFFERS',
    subject: row.orderId,
    expected: JSON.stringify({ version: row.version, status: row.status }),
    actual: JSON.stringify(cached),
  };
}

interface Subjects {
  /** The expected row of an order. If it is null, the expectation is unknown and only Redis is compared. */
  subjects: Map<string, ExpectedOrder | null>;
  /** Orders of open findings whose expectation is unreadable: another version or a person wrote it. */
  unknown: Set<string>;
}

function subjectsOf(open: readonly OpenFinding[], memory: Memory): Subjects {
  const subjects: Subjects['subjects'] = new Map();
  const unknown: Subjects['unknown'] = new Set();
  for (const { kind, subject, expected } of open) {
    const order = kind === 'CACHE_DIFFERS' ? null : expectedIn(subject, expected);
    if (order === null && kind !== 'CACHE_DIFFERS') unknown.add(subject);
    if (order !== null || !subjects.has(subject)) subjects.set(subject, order);
  }
  for (const order of memory.orders()) {
    subjects.set(order.orderId, order);
    unknown.delete(order.orderId);
  }
  return { subjects, unknown };
}

/**
 * Marks a difference as uncertain, because the change may be in flight. It becomes certain once all outcomes
 * decided before the read have been followed.
 */
function withBarrier(difference: Difference, lanes: WorkerPositions): Difference {
  const partition = partitionOfOrder(difference.subject);
  return { ...difference, until: { partition, offset: lanes.get(partition)?.nextOffset ?? 0 } };
}
