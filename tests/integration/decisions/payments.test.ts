/**
 * Payments, refunds, failures and expiry in the tables and the log. The outcomes are the same in one batch, in several, and
 * with crashes between. One payment counts once over all lanes.
 */
import { describe, expect, test } from 'vitest';
import { cancelCommand, newOrderOf, placeCommand } from '../../support/arena/load.ts';
import {
  confirmCommand,
  expireCommand,
  failCommand,
  refundResult,
} from '../../support/arena/money-commands.ts';
import { brief, expectRaces, type Races } from '../../support/arena/races.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { until } from '../../support/until.ts';

const sku = 'SKU-0';
const total = 250;
const used = useArena('payments');

/** Each race of two commands about one order, with the outcome of each. The deadline of the order is in the future. */
const races: Races = {
  'paid, then expired': [
    (id) => [confirmCommand(id, `${id}-1`, total), expireCommand(id, 1)],
    ['APPLIED PAID 2', 'REFUSED PAID 2 ILLEGAL_CHANGE'],
  ],
  'expired too early': [(id) => [expireCommand(id, 1)], ['REFUSED PENDING_PAYMENT 1 NOT_DUE']],
  'cancelled, then paid': [
    (id) => [cancelCommand(id), confirmCommand(id, `${id}-1`, total)],
    ['APPLIED CANCELLED 2', 'APPLIED CANCELLED 3 LATE 250'],
  ],
  'paid, then cancelled, then refunded': [
    (id) => [confirmCommand(id, `${id}-1`, total), cancelCommand(id), refundResult(id, total)],
    ['APPLIED PAID 2', 'APPLIED CANCELLED 3 CANCELLED 250', 'APPLIED CANCELLED 4 CANCELLED 250'],
  ],
  'failed, then paid': [
    (id) => [failCommand(id), confirmCommand(id, `${id}-1`, total)],
    ['APPLIED PAYMENT_FAILED 2', 'APPLIED PAYMENT_FAILED 3 LATE 250'],
  ],
  'paid twice, with two payments': [
    (id) => [confirmCommand(id, `${id}-1`, total), confirmCommand(id, `${id}-2`, total)],
    ['APPLIED PAID 2', 'APPLIED PAID 3 SURPLUS 250'],
  ],
  'paid twice, with one payment': [
    (id) => [confirmCommand(id, `${id}-1`, total), confirmCommand(id, `${id}-1`, total, `${id}-again`)],
    ['APPLIED PAID 2', 'REFUSED PAID 2 PAYMENT_KNOWN'],
  ],
  'paid a part, then the whole': [
    (id) => [confirmCommand(id, `${id}-1`, 10), confirmCommand(id, `${id}-2`, total)],
    ['APPLIED PENDING_PAYMENT 2 MISMATCH 10', 'APPLIED PAID 3'],
  ],
};

describe('races', () => {
  test('have the same outcomes in one batch, in several, and with crashes between', async () => {
    await expectRaces({ arena: used().arena, producer: used().producer, sku }, races);
    await used().arena.killWorkers();
    expect((await audit(used().arena, used().producer.history)).findings).toEqual([]);
  }, 240_000);
});

describe('one payment that is reported for two orders', () => {
  test('counts for one of them; another lane that meets it decides again and goes on', async () => {
    const worker = await used().arena.startWorker();
    const [first, second] = [newOrderOf(1), newOrderOf(2)];
    for (const orderId of [first, second]) await used().producer.send(placeCommand(orderId, [sku]));
    await used().arena.quiesce();
    // Another lane has inserted the payment and has not committed yet.
    const rival = await used().arena.mysql.connect();
    await rival.begin();
    await rival.write(
      `INSERT INTO payments (order_key,payment_no,payment_id,order_id,provider,provider_payment_id,provider_event_id,amount,
        currency,disposition,received_at_ms,source_partition,source_offset)
       SELECT order_key,1,order_id,order_id,'local','shared','e',250,'EUR','SETTLES',0,1,1 FROM orders WHERE order_id = x'${first.replaceAll('-', '')}'`,
    );
    const confirmed = used().producer.send(confirmCommand(second, 'shared', total));
    await until(
      async () => {
        const [row] = await used().arena.mysql.pool.rows<{ n: number }>(
          "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'INSERT INTO payments%'",
        );
        return row!.n > 0;
      },
      { what: 'the worker waiting for the payment' },
    );
    await rival.write(
      `UPDATE orders SET status = 'PAID', version = 2, received = 250, timer_at_ms = NULL WHERE order_id = x'${first.replaceAll('-', '')}'`,
    );
    await rival.commit();
    await rival.close();
    await used().arena.quiesce();
    const { partition, offset } = await confirmed;
    const event = (await readOutcomes(used().arena)).get(`${partition}-${offset}`)!;
    expect(brief(event)).toBe('REFUSED PENDING_PAYMENT 1 PAYMENT_KNOWN');
    expect(JSON.parse(event.reason!.seen!)).toEqual({ orderId: first, amount: 250, currency: 'EUR' });
    await worker.stop();
  }, 60_000);

  test('many payments of two lanes at once: each is stored once, and no record is a dead letter', async () => {
    const workers = await Promise.all([used().arena.startWorker(), used().arena.startWorker()]);
    const pairs = Array.from({ length: 150 }, (_, n) => ({
      payment: `both-${n}`,
      orders: [newOrderOf(3 + (n % 4)), newOrderOf(7 + (n % 4))] as const,
    }));
    for (const { orders } of pairs) {
      await Promise.all(orders.map((orderId) => used().producer.send(placeCommand(orderId, [sku]))));
    }
    const sent = await Promise.all(
      pairs.flatMap(({ payment, orders }, n) =>
        // The lanes meet the payments in opposite orders.
        orders.map((orderId, at) =>
          used().producer.send(
            confirmCommand(
              orderId,
              at === 0 ? payment : pairs[pairs.length - 1 - n]!.payment,
              total,
              `${orderId}-e`,
            ),
          ),
        ),
      ),
    );
    await used().arena.quiesce();
    const outcomes = await readOutcomes(used().arena);
    const briefs = sent.map(({ partition, offset }) => brief(outcomes.get(`${partition}-${offset}`)!));
    expect(
      Object.fromEntries([...Map.groupBy(briefs, (text) => text)].map(([text, all]) => [text, all.length])),
    ).toEqual({
      'APPLIED PAID 2': 150,
      'REFUSED PENDING_PAYMENT 1 PAYMENT_KNOWN': 150,
    });
    const [rows] = await used().arena.mysql.pool.rows<{ n: number }>(
      "SELECT COUNT(*) AS n FROM payments WHERE provider_payment_id LIKE 'both-%'",
    );
    expect(rows!.n).toBe(150);
    await Promise.all(workers.map((worker) => worker.stop()));
    expect((await used().arena.mysql.pool.rows('SELECT 1 FROM dead_letters')).length).toBe(0);
  }, 120_000);
});

test('money without an order is stored, and is refunded under the id that it named', async () => {
  const worker = await used().arena.startWorker();
  const orderId = newOrderOf(5);
  const sent = await used().producer.send(confirmCommand(orderId, `${orderId}-1`, total));
  await used().producer.send(refundResult(orderId, total, false));
  await used().arena.quiesce();
  const { partition, offset } = sent;
  const event = (await readOutcomes(used().arena)).get(`${partition}-${offset}`)!;
  expect(brief(event)).toBe('REFUSED  0 PAYMENT_UNMATCHED UNMATCHED 250');
  const rows = await used().arena.mysql.pool.rows(
    `SELECT p.disposition, r.status, r.open_since_ms FROM payments p JOIN refunds r ON r.payment_id = p.payment_id
     WHERE p.order_id = x'${orderId.replaceAll('-', '')}' AND p.order_key = ${partition * 2 ** 48 + offset}`,
  );
  expect(rows).toEqual([{ disposition: 'UNMATCHED', status: 'FAILED', open_since_ms: null }]);
  await worker.stop();
}, 60_000);
