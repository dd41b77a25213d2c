/** Ends the faults of a shop, and waits until nothing is on its way any more. */
import { retryRefundCommand } from '../../../cli/payments/refund-commands.ts';
import { bytesToUuid } from '../../../services/shared/mysql/index.ts';
import { sleep } from '../../../services/shared/retry/index.ts';
import type { Producer } from '../arena/load.ts';
import { control } from '../programs/payment-provider.ts';
import { until } from '../until.ts';
import type { Shop } from './shop.ts';

const everyMs = 500;
const laterEveryMs = 200;
/** The provider has no faults meanwhile, so one retry is enough. */
const retryRoundsMax = 4;

/** Runs the work of `later` when it is due. `stop` waits until all of it is done. */
export function startLater({ later }: Shop): { stop(): Promise<void> } {
  const running: Promise<void>[] = [];
  let isStopping = false;
  const loop = async (): Promise<void> => {
    while (!isStopping || later.length > 0) {
      const due = later.filter(({ atMs }) => atMs <= Date.now());
      for (const work of due) {
        later.splice(later.indexOf(work), 1);
        running.push(work.run());
      }
      await sleep(laterEveryMs);
    }
    await Promise.all(running);
  };
  const looping = loop();
  return {
    stop() {
      isStopping = true;
      return looping;
    },
  };
}

/**
 * Resolves when no callback waits, every command has its outcome, and every refund its result. With `expiries`, no order is unpaid
 * any more, and each delivered one is closed. Failed refunds are retried, as an operator does. Returns the number of retries.
 */
export async function becomeQuiet(
  shop: Shop,
  operator: Producer,
  { expiries, deadlineMs }: { expiries: boolean; deadlineMs: number },
): Promise<number> {
  await shop.setFaults({});
  if (expiries)
    await isZero(
      shop,
      "SELECT COUNT(*) AS n FROM orders WHERE status IN ('PENDING_PAYMENT', 'DELIVERED')",
      'orders that wait for a timer',
      deadlineMs,
    );
  let retries = 0;
  for (let round = 0; round < retryRoundsMax; round++) {
    await settled(shop, deadlineMs);
    const failed = await failedRefunds(shop);
    if (failed.length === 0) return retries;
    for (const { refundId, orderId } of failed)
      await operator.send(retryRefundCommand(refundId, orderId, 'operator:lives'));
    retries += failed.length;
  }
  throw new Error(`refunds still fail after ${retryRoundsMax} retries`);
}

async function settled(shop: Shop, deadlineMs: number): Promise<void> {
  await until(() => providerIsIdle(shop), { what: 'every callback being accepted', deadlineMs, everyMs });
  await shop.arena.quiesce(deadlineMs);
  await isZero(
    shop,
    'SELECT COUNT(*) AS n FROM refunds WHERE open_since_ms IS NOT NULL',
    'open refunds',
    deadlineMs,
  );
  // A refund that ended just now may have a callback on its way.
  await until(() => providerIsIdle(shop), { what: 'every callback being accepted', deadlineMs, everyMs });
  await shop.arena.quiesce(deadlineMs);
}

async function providerIsIdle({ providerUrl }: Shop): Promise<boolean> {
  const waiting = await control(providerUrl, 'GET', '/v1/waiting');
  const { callbacks, timers } = waiting as { callbacks: number; timers: number };
  return callbacks + timers === 0;
}

function isZero({ arena }: Shop, sql: string, what: string, deadlineMs: number): Promise<true> {
  return until(
    async () => {
      const [row] = await arena.mysql.pool.rows<{ n: number }>(sql);
      if (Number(row!.n) > 0) throw new Error(`${row!.n} ${what}`);
      return true as const;
    },
    { what: `the end of all ${what}`, deadlineMs, everyMs },
  );
}

/** Those that can be retried: no other refund has taken their money. */
async function failedRefunds({ arena }: Shop): Promise<{ refundId: string; orderId: string }[]> {
  const rows = await arena.mysql.pool.rows<{ refund_id: Buffer; order_id: Buffer }>(
    `SELECT r.refund_id, r.order_id FROM refunds r JOIN payments p ON p.payment_id = r.payment_id
     WHERE r.status = 'FAILED' AND r.retried = 0 AND r.amount <= p.amount - (
       SELECT COALESCE(SUM(b.amount), 0) FROM refunds b WHERE b.payment_id = p.payment_id AND b.status <> 'FAILED')`,
  );
  return rows.map((row) => ({ refundId: bytesToUuid(row.refund_id), orderId: bytesToUuid(row.order_id) }));
}
