/** The switch `paymentWindow`: how long a new order may wait for its payment. */
import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { withDatabase } from '../../../cli/database.ts';
import { setFlags } from '../../../cli/rates/flags.ts';
import { uuidToBytes } from '../../../services/shared/mysql/index.ts';
import { placeCommand } from '../../support/arena/load.ts';
import { confirmCommand } from '../../support/arena/money-commands.ts';
import { useArena } from '../../support/arena/use-arena.ts';

const sku = 'SKU-0';
const used = useArena('payment-window');
beforeAll(() => used().arena.startWorker());

const setWindow = (value: string) =>
  withDatabase(used().arena.options.mysqlUrl, (db) =>
    setFlags(db, new Map([['paymentWindow', value]]), { nowMs: 1 }),
  );

async function place(): Promise<string> {
  const orderId = randomUUID();
  await used().producer.send(placeCommand(orderId, [sku]));
  await used().arena.quiesce();
  return orderId;
}

/** The window, the grace behind it, and the flags of the order. */
async function timesOf(orderId: string): Promise<object> {
  const [row] = await used().arena.mysql.pool.rows<object>(
    `SELECT version, flags, CAST(payment_due_at_ms - created_at_ms AS SIGNED) AS windowMs,
       CAST(timer_at_ms - payment_due_at_ms AS SIGNED) AS graceMs FROM orders WHERE order_id = ?`,
    [uuidToBytes(orderId)],
  );
  return { ...row };
}

test('sets the deadline of the next orders, and a payment that settles nothing keeps it', async () => {
  const usual = { flags: null, windowMs: 1_800_000, graceMs: 60_000 };
  const short = { flags: 'coupons=on,quantityBreaks=on,paymentWindow=5s', windowMs: 5_000, graceMs: 5_000 };
  const first = await place();
  await setWindow('5s');
  const second = await place();
  await setWindow('default');
  const third = await place();
  expect(await timesOf(first)).toEqual({ version: 1, ...usual });
  expect(await timesOf(second)).toEqual({ version: 1, ...short });
  expect(await timesOf(third)).toEqual({ version: 1, ...usual });

  for (const orderId of [first, second]) await used().producer.send(confirmCommand(orderId, orderId, 1));
  await used().arena.quiesce();
  expect(await timesOf(first)).toEqual({ version: 2, ...usual });
  expect(await timesOf(second)).toEqual({ version: 2, ...short });

  await used().producer.send(confirmCommand(second, `${second}-all`, 250));
  await used().arena.quiesce();
  expect(await timesOf(second)).toEqual({ version: 3, ...short, graceMs: null });
}, 60_000);
