/** Sylius#10125, thelia#3522: a coupon that may be used once comes back when the order ends without a payment. */
import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { importCoupons } from '../../../cli/coupons/import.ts';
import { readCoupons } from '../../../cli/coupons/read-coupons.ts';
import { withDatabase } from '../../../cli/database.ts';
import type { OrderCommand, PlaceOrder } from '../../../schemas/index.ts';
import { uuidToBytes } from '../../../services/shared/mysql/index.ts';
import { cancelCommand, placeCommand } from '../../support/arena/load.ts';
import { confirmCommand, expireCommand, failCommand } from '../../support/arena/money-commands.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { useArena } from '../../support/arena/use-arena.ts';

const sku = 'SKU-0';
const used = useArena('coupon-ends');
beforeAll(() => used().arena.startWorker());

/** The outcome of the command, or the reason of a refusal. */
async function decided(command: OrderCommand): Promise<string> {
  const { partition, offset } = await used().producer.send(command);
  await used().arena.quiesce();
  const { outcome, status, reason } = (await readOutcomes(used().arena)).get(`${partition}-${offset}`)!;
  return reason?.code ?? `${outcome} ${status}`;
}

function withCoupon(couponCode: string, orderId: string = randomUUID()): OrderCommand {
  const command = placeCommand(orderId, [sku]);
  return {
    ...command,
    type: 'PLACE',
    payload: { ...(command.payload as PlaceOrder), couponCode },
  };
}

/** The expiry as the scheduler sends it. */
async function expire(orderId: string): Promise<OrderCommand> {
  const [row] = await used().arena.mysql.pool.rows<{ due: number }>(
    'SELECT payment_due_at_ms AS due FROM orders WHERE order_id = ?',
    [uuidToBytes(orderId)],
  );
  return expireCommand(orderId, Number(row!.due));
}

test.each([
  ['expires', 'EXPIRED', expire],
  ['cannot be paid', 'PAYMENT_FAILED', async (id: string) => failCommand(id)],
  ['is cancelled', 'CANCELLED', async (id: string) => cancelCommand(id)],
] as const)(
  'an order that %s gives a coupon of limit 1 back',
  async (_what, status, end) => {
    const code = `ONE-${status}`;
    await withDatabase(used().arena.options.mysqlUrl, (db) =>
      importCoupons(
        db,
        readCoupons(`code,kind,percent_bp,total_limit,customer_limit\n${code},percent,1000,1,\n`),
        {
          nowMs: 1,
        },
      ),
    );
    const first = randomUUID();
    expect(await decided(withCoupon(code, first))).toBe('ACCEPTED PENDING_PAYMENT');
    expect(await decided(withCoupon(code))).toBe('COUPON_EXHAUSTED');
    expect(await decided(await end(first))).toBe(`APPLIED ${status}`);

    const second = randomUUID();
    expect(await decided(withCoupon(code, second))).toBe('ACCEPTED PENDING_PAYMENT');
    expect(await decided(withCoupon(code))).toBe('COUPON_EXHAUSTED');
    // Late money for the first order moves no coupon.
    expect(await decided(confirmCommand(first, first, 225))).toBe(`APPLIED ${status}`);
    expect(await decided(withCoupon(code))).toBe('COUPON_EXHAUSTED');
  },
  60_000,
);
