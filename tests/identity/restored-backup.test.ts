/**
 * The database is restored from a dump that is older than the log. `orderstream recover --from-log` rebuilds the rest from
 * commands and published outcomes. Afterwards every table has the rows that were lost.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importCoupons } from '../../cli/coupons/import.ts';
import { readCoupons } from '../../cli/coupons/read-coupons.ts';
import { withDatabase } from '../../cli/database.ts';
import type { OrderCommand } from '../../schemas/index.ts';
import { textToSql } from '../../services/shared/mysql/index.ts';
import { createKeyWrapper, sealCommand } from '../../services/shared/personal-data/index.ts';
import type { Arena } from '../support/arena/arena.ts';
import {
  adjustCommand,
  cancelRestCommand,
  closeCommand,
  deliverCommand,
  goodsIssuedAtMs,
  goodsLife,
  refundCommand,
  returnCommand,
  shipCommand,
} from '../support/arena/goods-commands.ts';
import { cancelCommand, newOrderOf, placeCommand } from '../support/arena/load.ts';
import {
  confirmCommand,
  expireCommand,
  failCommand,
  recordCommand,
  refundResult,
  retryCommand,
} from '../support/arena/money-commands.ts';
import { orderstream, orderstreamDone, typePage } from '../support/arena/processes/operator.ts';
import { complaints } from '../support/arena/processes/verify.ts';
import {
  dumpDatabase,
  readTables,
  restoreDatabase,
  type TableRows,
} from '../support/arena/reading/database-dump.ts';
import { goodsFaults } from '../support/arena/reading/goods.ts';
import { moneyFaults } from '../support/arena/reading/money.ts';
import { readOutcomes } from '../support/arena/reading/outcomes.ts';
import { useArena } from '../support/arena/use-arena.ts';
import { plantedPerson, plantedSecretKeys } from '../support/records/planted.ts';
import { until } from '../support/until.ts';

const used = useArena('restored-backup');
const keys = { PERSONAL_DATA_KEYS: plantedSecretKeys };
const coupon = 'TENTH';
const sealedCustomer = 'sealed-customer';
/** Was erased after the backup. So the backup has the key, and no log has the erasure. */
const erasedCustomer = 'erased-customer';
/** Came after the backup. So only the lost database had the key. */
const lateCustomer = 'late-customer';
const windowMs = 2_592_000_000;

/** No decision writes them: kept outcomes, the log of the arena, reports, and calls of the payment provider. */
const omittedTables = ['outbox', 'outbox_log', 'audit_log', 'lane_waits', 'refund_attempts'];
/** The owner of a lane, and when it moved. */
const omittedColumns = { lane_positions: ['epoch', 'owner', 'updated_at_ms'] };

/** Orders with 4 units of 250. */
const placed = (lane: number, sku: string, more: Partial<OrderCommand['payload']> = {}): OrderCommand => {
  const command = placeCommand(newOrderOf(lane), [sku], 4);
  return { ...command, payload: { ...command.payload, ...more } } as OrderCommand;
};

/** The rows of the late customer as they are rebuilt: without a key, and without sealed fields. */
function withoutLateKey(text: string): string[] {
  const row = JSON.parse(text) as Record<string, unknown>;
  if (row['customer_id'] !== lateCustomer) return [text];
  if ('wrapped_key' in row) return [];
  return 'shipping_address' in row ? [JSON.stringify({ ...row, shipping_address: null })] : [text];
}

/** The addresses of a customer, as JSON. */
async function addressesOf({ mysql }: Arena, customer: string): Promise<string> {
  const rows = await mysql.pool.rows<{ a: string | null }>(
    `SELECT DISTINCT shipping_address AS a FROM orders WHERE customer_id = ${textToSql(customer)}`,
  );
  return JSON.stringify(rows.map(({ a }) => a));
}

let dir: string;
let lost: TableRows;
let retried: OrderCommand;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'backup-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('a database that was restored from a backup older than the log', () => {
  beforeAll(async () => {
    const { arena, producer, skus } = used();
    const [sku, second] = [skus[0]!, skus[1]!];
    await withDatabase(arena.options.mysqlUrl, async (db) => {
      const lines = `code,kind,percent_bp,total_limit,customer_limit\n${coupon},percent,1000,50,30`;
      await importCoupons(db, readCoupons(lines), { nowMs: 1 });
    });
    await orderstreamDone(arena, 'rules', 'set', 'unpaidUnits=100000');
    await arena.mysql.pool.write(
      `INSERT INTO products (sku,name,unit_price,currency,version,updated_at_ms) VALUES ('LAST','Last',250,'EUR',1,0)`,
    );
    await arena.mysql.pool.write(`INSERT INTO stock (sku,initial,available) VALUES ('LAST',4,4)`);
    const wrapper = createKeyWrapper([plantedSecretKeys]);
    const keyOf = new Map(
      [sealedCustomer, erasedCustomer, lateCustomer].map((id) => [id, wrapper.create(id)]),
    );
    const storeKey = async (customer: string) => {
      const { customer_id, key_id, wrapped_key } = keyOf.get(customer)!;
      const values = [customer_id, key_id, wrapped_key].map(textToSql).join(',');
      await arena.mysql.pool.write(
        `INSERT INTO customer_keys (customer_id,key_id,wrapped_key,created_at_ms) VALUES (${values},1)`,
      );
    };
    const sealed = (command: OrderCommand, customerId: string) =>
      sealCommand({ ...command, customerId } as OrderCommand, wrapper.read(keyOf.get(customerId)!));
    await storeKey(sealedCustomer);
    await storeKey(erasedCustomer);
    const workers = [await arena.startWorker(keys), await arena.startWorker(keys)];
    const sendAll = async (commands: readonly OrderCommand[]) => {
      for (const command of commands) await producer.send(command);
    };

    // Before the backup: orders whose lives go on after it.
    const before = Array.from({ length: 8 }, (_, lane) => placed(lane, sku));
    const ids = before.map(({ orderId }) => orderId!);
    await sendAll([...before, confirmCommand(ids[0]!, 'p0', 1_000), confirmCommand(ids[1]!, 'p1', 1_000)]);
    await sendAll([cancelCommand(ids[1]!), shipCommand(ids[0]!, 1, 'first')]);
    await sendAll([placed(3, second, { couponCode: coupon })]);
    await arena.quiesce();
    await dumpDatabase(arena, path.join(dir, 'older.sql'));
    await storeKey(lateCustomer);

    // After it. The order p1 is refunded, and p0 goes on.
    await sendAll([
      recordCommand(ids[1]!, `cancel:${ids[1]}`, { amount: 1_000, succeeded: false, providerRefundId: null }),
      retryCommand(ids[1]!, `cancel:${ids[1]}`, 'again'),
      recordCommand(ids[1]!, 'again', { amount: 1_000, succeeded: true, providerRefundId: 're-1' }),
      shipCommand(ids[0]!, null, 'second'),
      deliverCommand(ids[0]!, null, 'delivered'),
      returnCommand(ids[0]!, 2, 1),
      refundCommand(ids[0]!, { amount: 5 }),
      closeCommand(ids[0]!, goodsIssuedAtMs + windowMs),
      cancelCommand(ids[2]!),
      cancelCommand(ids[2]!),
      failCommand(ids[3]!, false),
      failCommand(ids[4]!),
      confirmCommand(ids[5]!, 'p5', 10),
      refundResult(ids[5]!, 10),
    ]);
    const dues = await arena.mysql.pool.rows<{ due: number }>(
      `SELECT payment_due_at_ms AS due FROM orders WHERE order_id = X'${ids[6]!.replaceAll('-', '')}'`,
    );
    await sendAll([expireCommand(ids[6]!, dues[0]!.due), confirmCommand(ids[6]!, 'p6', 1_000)]);
    // New orders on every lane, with coupons, sealed fields, rejections, repeats and conflicts.
    for (let lane = 0; lane < 12; lane++) {
      const plain = placed(lane, skus[lane]!, { couponCode: lane % 3 === 0 ? coupon : null });
      const whole = placed(lane, second);
      await sendAll([
        plain,
        plain,
        { ...plain, fingerprint: Buffer.alloc(32, lane) } as OrderCommand,
        sealed(placed(lane, sku), sealedCustomer),
        placed(lane, 'UNKNOWN'),
        placed(lane, 'LAST'),
        cancelCommand(newOrderOf(lane)),
        whole,
        ...goodsLife(whole.orderId!, second),
      ]);
      if (lane % 3 === 0) await sendAll([cancelCommand(plain.orderId!)]);
      if (lane % 4 === 0) await sendAll([cancelRestCommand(whole.orderId!)]);
    }
    // A payment that two lanes report, one of no order, and stock that is taken out.
    await sendAll([confirmCommand(ids[7]!, 'shared', 1_000)]);
    await arena.quiesce();
    const unmatched = newOrderOf(5);
    await sendAll([
      confirmCommand(newOrderOf(9), 'shared', 1_000, 'shared-2'),
      confirmCommand(unmatched, 'nobody', 700),
      refundResult(unmatched, 700),
      adjustCommand(sku, -3, 'broken'),
      adjustCommand('NOTHING', 3, 'unknown'),
    ]);
    await producer.sendRaw({
      partition: 4,
      key: Buffer.from(newOrderOf(4)),
      value: Buffer.from('poison'),
      headers: {},
    });
    retried = placed(2, sku);
    await sendAll([retried, sealed(placed(1, sku), erasedCustomer), sealed(placed(1, sku), lateCustomer)]);
    await arena.quiesce();
    await orderstreamDone(arena, 'customer', 'erase', erasedCustomer);
    for (const worker of workers) await worker.stop();
    lost = await readTables(arena, omittedTables, omittedColumns);
    await restoreDatabase(arena, path.join(dir, 'older.sql'));
  }, 240_000);

  test('is not recovered while workers run', async () => {
    const { arena } = used();
    const worker = await arena.startWorker(keys);
    await until(async () => (await worker.ask('/readyz')).includes('the database has lost commits'), {
      what: 'the worker having stopped its lanes',
    });
    const refused = await orderstream(
      { env: { ...arena.env, ...keys } },
      'recover',
      '--from-log',
      '--execute',
    );
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('stop all workers first') });
    await worker.stop();
  }, 60_000);

  test('shows what it would apply, and changes nothing', async () => {
    const { arena } = used();
    const before = await readTables(arena, ['outbox_log'], {});
    const shown = await orderstreamDone(arena, 'recover', '--from-log');
    expect(shown).toMatch(/^0 .*APPLIED/m);
    expect(shown).toContain('dry run: nothing was changed');
    expect(await readTables(arena, ['outbox_log'], {})).toEqual(before);
  }, 60_000);

  test('continues after a kill at any point', async () => {
    const { arena } = used();
    for (const point of ['loaded=kill@4', 'written=kill@6', 'commitAcked=kill@3']) {
      const env = { ...arena.env, ...keys, FAILPOINTS: point };
      const killed = await orderstream({ env }, 'recover', '--from-log', '--execute');
      expect(killed.stdout, killed.stderr).toContain(`failpoint ${point.split('=')[0]}`);
    }
    expect(await orderstreamDone(arena, 'recover', 'status').catch((error) => String(error))).toContain(
      'run `orderstream recover --from-log --execute` again',
    );
  }, 120_000);

  test('gets every lost row back, except for what only the lost keys could open', async () => {
    const { arena: plain } = used();
    const arena = { ...plain, env: { ...plain.env, ...keys } };
    // The key of the backup dies before anything is read with it. The commands without an outcome cannot be awaited.
    const erased = await orderstream(arena, 'customer', 'erase', erasedCustomer, '--wait', '1s');
    expect(erased).toMatchObject({ code: 1, stderr: '' });
    await typePage(arena, 'A restored backup');
    const found = await readTables(arena, omittedTables, omittedColumns);
    for (const [table, rows] of lost)
      expect(found.get(table), table).toEqual(rows.flatMap(withoutLateKey).toSorted());
    expect([...found.keys()]).toEqual([...lost.keys()]);
    expect(await addressesOf(arena, sealedCustomer)).toContain(plantedPerson.name);
    for (const customer of [erasedCustomer, lateCustomer])
      expect(await addressesOf(arena, customer)).toBe('[null]');
  }, 120_000);

  test('then goes on: verify finds nothing, and a retry of an old request is the same order', async () => {
    const { arena, producer } = used();
    const worker = await arena.startWorker(keys);
    const again = await producer.send(retried);
    const next = await producer.send(placed(2, used().skus[0]!));
    await arena.quiesce();
    const outcomes = await readOutcomes(arena);
    expect(outcomes.get(`${again.partition}-${again.offset}`)?.outcome).toBe('DUPLICATE');
    expect(outcomes.get(`${next.partition}-${next.offset}`)?.outcome).toBe('ACCEPTED');
    const faults = [complaints(await arena.verify()), await moneyFaults(arena), await goodsFaults(arena)];
    expect(faults.flat()).toEqual([]);
    await worker.stop();
  }, 60_000);
});
