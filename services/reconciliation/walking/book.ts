/**
 * The checks that compare rows with rows. One walk reads all orders with their lines, payments, refunds, shipments and returns, in one
 * consistent read-only snapshot. These tables, stock and the counters of coupons change in the same transactions. So any
 * difference in the snapshot is real. A snapshot takes no locks, and pauses keep the load low. The database only reads
 * rows in key order. This process adds and compares, so that the workers' database has less work.
 */
import { holdsStock } from '../../domain/index.ts';
import type { Clock } from '../../shared/clock/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import type { Check } from '../checks/check.ts';
import type { Pace } from '../checks/pace.ts';
import type { Tally } from '../findings/tally.ts';
import { compareAmounts } from './amounts.ts';
import { type CountedOrders, countOrders } from './coupons.ts';
import type { PagedReads } from './pages.ts';
import { compareMoney, sumRefunds } from './payments.ts';
import { compareRecords, type ProviderLimits } from './provider-records.ts';
import { compareRefunds, type RefundLimits } from './refunds.ts';
import { type KeyRows, type LineRow, type OrderRow, readChunk } from './rows.ts';
import { compareStock, countUnits, type SkuUnits } from './stock.ts';
import { findStuck, type StuckLimits, type StuckRules } from './stuck.ts';
import { compareUnits } from './units.ts';
import { noteUnlisted, readListed, type UnlistedMoney } from './unlisted-money.ts';
import { countUnpaid, type UnpaidUnits } from './unpaid.ts';

export type BookLimits = StuckLimits & RefundLimits & ProviderLimits;

/** Gets each order of the walk, to compare it with its newest outcome. */
export interface WalkedOutcomes {
  /** Called before the snapshot. The rows of all outcomes that were read before are in the snapshot. */
  begin(): void;
  visit(order: OrderRow, lines: readonly LineRow[]): void;
  /** Called when all orders of the snapshot have been visited. */
  end(): void;
}

export interface BookDeps {
  /** A separate session, because it holds the snapshot. */
  connect(): Promise<Session>;
  pace: Pace;
  clock: Clock;
  stuck: BookLimits;
  /** Whether the workers decide this command. An order that no decided command moves on does not count as stuck. */
  isDecided: StuckRules['isDecided'];
  /** Absent if outcomes are compared with rows as they arrive. */
  outcomes?: WalkedOutcomes | undefined;
}

export function bookCheck({ connect, pace, clock, stuck: limits, isDecided, outcomes }: BookDeps): Check {
  return {
    name: 'book',
    kinds: [
      'STOCK_DIFFERS',
      'MONEY_DIFFERS',
      'ORDER_STUCK',
      'TIMER_LATE',
      'PAYMENT_DIFFERS',
      'PAID_UNPAID',
      'MONEY_STRANDED',
      'REFUND_ABOVE',
      'REFUND_STUCK',
      'REFUND_FAILED',
      'COUPON_DIFFERS',
      'PROVIDER_DIFFERS',
      'UNITS_DIFFER',
      'UNPAID_DIFFERS',
    ],
    async run(_open, tally, signal) {
      const session = await connect();
      try {
        outcomes?.begin();
        await session.write('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        await session.write('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
        const nowMs = clock.nowMs();
        const listed = await readListed(session);
        const walk: Walk = {
          rules: { nowMs, limits, isDecided },
          limits,
          units: new Map(),
          counted: countOrders(),
          unpaid: countUnpaid(),
          unlisted: noteUnlisted(listed, limits),
          outcomes,
          tally,
        };
        for (let after: number | null = -1; after !== null; ) {
          const from: number = after;
          after = await pace.chunk(async () => {
            const last = await readChunk(session, from, (rows) => compare(walk, rows));
            await walk.unlisted.compare(session, tally);
            return last;
          }, signal);
        }
        outcomes?.end();
        await compareRecords(session, listed.keys(), limits, nowMs, tally, pace, signal);
        const reads: PagedReads = { session, pace, signal };
        await compareStock(reads, walk.units, tally);
        await walk.counted.compare(reads, tally);
        await walk.unpaid.compare(reads, tally);
        return {};
      } finally {
        await session.close();
      }
    },
  };
}

interface Walk {
  rules: StuckRules;
  limits: RefundLimits;
  /** Units on orders, by SKU. */
  units: Map<string, SkuUnits>;
  counted: CountedOrders;
  unpaid: UnpaidUnits;
  unlisted: UnlistedMoney;
  outcomes: WalkedOutcomes | undefined;
  tally: Tally;
}

/** Compares the rows of one key. */
function compare(walk: Walk, rows: KeyRows): void {
  const { rules, limits, tally, unlisted } = walk;
  unlisted.add(rows);
  if (rows.order !== null) compareOrder(walk, rows.order, rows);
  const sums = sumRefunds(rows.refunds);
  for (const difference of compareMoney(rows, sums)) tally.add(difference);
  for (const difference of compareRefunds(rows, sums, limits, rules.nowMs)) tally.add(difference);
}

function compareOrder(walk: Walk, order: OrderRow, { lines, moved }: KeyRows): void {
  const { units, counted, unpaid, tally, rules } = walk;
  walk.outcomes?.visit(order, lines);
  for (const line of lines) countUnits(units, line, holdsStock(order.status));
  counted.add(order);
  unpaid.add(order);
  const different = compareUnits(order, lines, moved);
  if (different !== null) tally.add(different);
  const amounts = compareAmounts(order, lines);
  if (amounts !== null) tally.add(amounts);
  const stuck = findStuck(order, rules);
  if (stuck !== null) tally.add(stuck);
}
