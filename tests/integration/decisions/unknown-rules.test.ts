/** Rules that only a newer version knows. A worker of this version must not price orders by a guess. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { OrderCommand, PlaceOrder } from '../../../schemas/generated/types.ts';
import { placeCommand } from '../../support/arena/load.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { readWaits } from '../../support/arena/reading/waits.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { until } from '../../support/servers/stack.ts';

const used = useArena('unknown-rules');

function orderWithCoupon(code: string): OrderCommand {
  const command = placeCommand(randomUUID(), ['SKU-0']);
  const payload = command.payload as PlaceOrder;
  return { ...command, type: 'PLACE', payload: { ...payload, couponCode: code } };
}

/** Stores the coupon in a new version of the coupons. */
async function storeCoupon(code: string, kind: string): Promise<void> {
  const { pool } = used().arena.mysql;
  await pool.write(
    'REPLACE INTO coupons (code, kind, value, version, updated_at_ms) VALUES (?, ?, 1000, 1, 1)',
    [code, kind],
  );
  await pool.write('UPDATE catalogue_state SET version = version + 1 WHERE id = 2');
}

test('a coupon of an unknown kind makes the lane wait, and the order is no dead letter', async () => {
  await storeCoupon('NEWER', 'NEWER_KIND');
  const worker = await used().arena.startWorker();
  const { partition, offset } = await used().producer.send(orderWithCoupon('NEWER'));
  await until(async () => (await readWaits(used().arena)).some(({ why }) => why.includes('NEWER_KIND')), {
    what: 'a lane that waits for a worker that knows the kind',
    deadlineMs: 30_000,
    everyMs: 50,
  });
  await storeCoupon('NEWER', 'PERCENT');
  await used().arena.quiesce();
  const outcome = (await readOutcomes(used().arena)).get(`${partition}-${offset}`);
  expect([outcome?.outcome, outcome?.order?.discount]).toEqual(['ACCEPTED', 25]);
  await worker.stop();
}, 60_000);
