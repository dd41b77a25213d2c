/**
 * Money is never refused, so an order may have any number of payments and refunds. The reads of a decision do not grow with
 * them, and their numbers go on above 65,535.
 */
import { expect, test } from 'vitest';
import type { OrderCommand, OrderEvent } from '../../../schemas/index.ts';
import { createLogger } from '../../../services/shared/log/index.ts';
import { createMysql, StatementBuffer } from '../../../services/shared/mysql/index.ts';
import { collectNeeds } from '../../../services/worker/stages/load.ts';
import { readExisting } from '../../../services/worker/store/existing-orders.ts';
import { cancelCommand, newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { confirmCommand, refundResult } from '../../support/arena/money-commands.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { useArena } from '../../support/arena/use-arena.ts';

const sku = 'SKU-0';
const total = 250;
const doublings = 16;
const used = useArena('many-payments');

const orderId = newOrderOf(3);
const bytes = `x'${orderId.replaceAll('-', '')}'`;

/** Sends the commands in order and resolves with their outcomes, in the same order. */
async function decided(...commands: readonly OrderCommand[]): Promise<OrderEvent[]> {
  const sent: { partition: number; offset: number }[] = [];
  for (const command of commands) sent.push(await used().producer.send(command));
  await used().arena.quiesce();
  const outcomes = await readOutcomes(used().arena);
  return sent.map(({ partition, offset }) => outcomes.get(`${partition}-${offset}`)!);
}

const brief = ({ outcome, status, version, reason, refund }: OrderEvent) =>
  [outcome, status, version, reason?.code, refund?.reason, refund?.amount]
    .filter((part) => part !== undefined)
    .join(' ');

/** Doubles the surplus payments of the order, and their open refunds, until it has 65,536 of them. */
async function addMoney(): Promise<void> {
  for (let power = 0; power < doublings; power++) {
    const n = 2 ** power;
    await used().arena.mysql.pool.write(
      `INSERT INTO payments (order_key,payment_no,payment_id,order_id,provider,provider_payment_id,provider_event_id,amount,
        currency,disposition,received_at_ms,source_partition,source_offset)
       SELECT order_key, payment_no + ${n}, UNHEX(MD5(CONCAT('p', payment_no + ${n}))), order_id, provider,
        CONCAT('surplus-', payment_no + ${n}), provider_event_id, amount, currency, disposition, 0, source_partition, source_offset
       FROM payments WHERE order_id = ${bytes} AND payment_no BETWEEN 2 AND ${n + 1}`,
    );
    await used().arena.mysql.pool.write(
      `INSERT INTO refunds (order_key,refund_no,refund_id,order_id,payment_id,provider,provider_payment_id,amount,currency,status,
        reason,requested_at_ms,open_since_ms)
       SELECT order_key, refund_no + ${n}, UNHEX(MD5(CONCAT('r', refund_no + ${n}))), order_id,
        UNHEX(MD5(CONCAT('p', refund_no + ${n} + 1))), provider, CONCAT('surplus-', refund_no + ${n} + 1), amount, currency, status,
        reason, 0, open_since_ms
       FROM refunds WHERE order_id = ${bytes} AND refund_no <= ${n}`,
    );
  }
}

/** Rows that the storage engine read for the commands, in a session of its own. */
async function rowsRead(commands: readonly OrderCommand[]): Promise<number> {
  const log = createLogger({ service: 'tests', level: 'error', instanceId: 'tests' });
  const mysql = createMysql({ url: used().arena.options.mysqlUrl, poolSize: 1, log });
  const session = await mysql.connect({ scripts: true });
  const sources = commands.map((command, offset) => ({
    partition: 3,
    offset,
    prevOffset: offset - 1,
    content: { kind: 'command', command } as const,
  }));
  const needs = collectNeeds([{ lane: { readsIdsFirst: false }, sources }] as never);
  const reads = async () => {
    const rows = await session.rows<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler_read%'");
    return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
  };
  const before = await reads();
  const counting = (await reads()) - before;
  const { money } = await readExisting(session, new StatementBuffer(), needs);
  expect(money.lastNumbers.size).toBe(1);
  const read = (await reads()) - before - 2 * counting;
  await session.close();
  await mysql.close();
  return read;
}

test('an order with 65,536 surplus payments takes more, is cancelled and refunded, and reads few rows', async () => {
  const worker = await used().arena.startWorker();
  const events = await decided(
    placeCommand(orderId, [sku]),
    confirmCommand(orderId, 'first', total),
    confirmCommand(orderId, 'surplus-2', 7),
  );
  expect(events.map(brief)).toEqual([
    'ACCEPTED PENDING_PAYMENT 1',
    'APPLIED PAID 2',
    'APPLIED PAID 3 SURPLUS 7',
  ]);
  await addMoney();

  const more = [
    confirmCommand(orderId, 'more-1', 7),
    confirmCommand(orderId, 'surplus-40000', 7, 'again'),
    confirmCommand(orderId, 'more-2', 7),
    // 65,538 refunds of 7 are open, so the result names none of them.
    refundResult(orderId, 7),
    cancelCommand(orderId),
    { ...refundResult(orderId, total), commandId: 'refund:rest' },
  ];
  expect(await rowsRead(more)).toBeLessThan(150);
  expect((await decided(...more)).map(brief)).toEqual([
    'APPLIED PAID 4 SURPLUS 7',
    'REFUSED PAID 4 PAYMENT_KNOWN',
    'APPLIED PAID 5 SURPLUS 7',
    'REFUSED PAID 5 REFUND_UNKNOWN',
    'APPLIED CANCELLED 6 CANCELLED 250',
    'APPLIED CANCELLED 7 CANCELLED 250',
  ]);
  const rows = (table: string, number: string) =>
    used().arena.mysql.pool.rows<{ no: number }>(
      `SELECT ${number} AS no FROM ${table} WHERE order_id = ${bytes} ORDER BY ${number} DESC LIMIT 4`,
    );
  expect(await rows('payments', 'payment_no')).toEqual(
    [65_539, 65_538, 65_537, 65_536].map((no) => ({ no })),
  );
  expect(await rows('refunds', 'refund_no')).toEqual([65_539, 65_538, 65_537, 65_536].map((no) => ({ no })));
  await worker.stop();
  expect(await used().arena.mysql.pool.rows('SELECT 1 FROM dead_letters')).toEqual([]);
}, 120_000);
