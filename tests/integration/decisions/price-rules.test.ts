/** Workers price orders by the imported rules, and count the redemptions of coupons under a guard. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importCatalogue } from '../../../cli/catalogue/import.ts';
import { readCatalogue } from '../../../cli/catalogue/read-catalogue.ts';
import { importCoupons } from '../../../cli/coupons/import.ts';
import { readCoupons } from '../../../cli/coupons/read-coupons.ts';
import { withDatabase } from '../../../cli/database.ts';
import { setFlags } from '../../../cli/rates/flags.ts';
import { importRates } from '../../../cli/rates/import.ts';
import { readShippingRates, readTaxRates } from '../../../cli/rates/read-rates.ts';
import type { OrderCommand, OrderEvent, PlaceOrder } from '../../../schemas/generated/types.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import {
  cancelCommand,
  createProducer,
  newOrderOf,
  type Producer,
  placeCommand,
} from '../../support/arena/load.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('price-rules');
const database = useDatabase('price-rules');
const stock = new Map([
  ['MUG', 1_000_000],
  ['TEA', 1_000_000],
  ['RARE', 3],
]);

let arena: Arena;
let producer: Producer;

beforeAll(async () => {
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
});

afterAll(async () => {
  await producer.close();
  await arena.close();
});

interface OrderParts {
  readonly coupon?: string | null;
  readonly customer?: string;
  readonly orderId?: string;
  readonly skus?: readonly string[];
  readonly quantity?: number;
  readonly expectedTotal?: number;
}

function order(parts: OrderParts = {}): OrderCommand {
  const { coupon = null, customer = 'customer-1', orderId = randomUUID(), skus = ['MUG'] } = parts;
  const command = placeCommand(orderId, skus, parts.quantity);
  const payload = command.payload as PlaceOrder;
  return {
    ...command,
    type: 'PLACE',
    customerId: customer,
    payload: { ...payload, couponCode: coupon, expectedTotal: parts.expectedTotal ?? null },
  };
}

/** Sends the commands in order and resolves with their outcomes, in the same order. */
async function decided(commands: readonly OrderCommand[]): Promise<OrderEvent[]> {
  const sent = await Promise.all(commands.map((command) => producer.send(command)));
  await arena.quiesce();
  const outcomes = await readOutcomes(arena);
  return sent.map(({ partition, offset }) => outcomes.get(`${partition}-${offset}`)!);
}

const one = async (command: OrderCommand) => (await decided([command]))[0]!;
const brief = ({ outcome, reason }: OrderEvent) => reason?.code ?? outcome;
const counted = (events: readonly OrderEvent[]) =>
  Object.fromEntries([...Map.groupBy(events, brief)].map(([code, group]) => [code, group.length]));
const rows = <Row extends object>(sql: string) => arena.mysql.pool.rows<Row>(sql);

const coupons = (...lines: string[]) =>
  withDatabase(database().url, (db) =>
    importCoupons(db, readCoupons(['code,kind,percent_bp,total_limit,customer_limit', ...lines].join('\n')), {
      nowMs: 1,
    }),
  );
const counter = async (code: string) =>
  (await rows<{ available: number }>(`SELECT available FROM coupon_counters WHERE code = '${code}'`))[0]
    ?.available;

describe('coupons', () => {
  // vendure#4660, shopper#510, PrestaShop#29493
  test('with a limit of 1000 are given to 1000 of 1500 orders that three workers decide', async () => {
    await coupons('THOUSAND,percent,1000,1000,');
    const workers = await Promise.all([arena.startWorker(), arena.startWorker(), arena.startWorker()]);
    const events = await decided(Array.from({ length: 1_500 }, () => order({ coupon: 'THOUSAND' })));
    expect(counted(events)).toEqual({ ACCEPTED: 1_000, COUPON_EXHAUSTED: 500 });
    expect(await counter('THOUSAND')).toBe(0);
    let retries = 0;
    for (const worker of workers) {
      retries += await worker.metric('worker_batch_retries_total', 'cause="shortOfCoupons"');
      await worker.stop();
    }
    // Each writer may have one batch in flight when the coupon ends. Then it knows that the coupon is short.
    expect(retries).toBeLessThanOrEqual(9);
  }, 120_000);

  // shopper#510
  test('with a limit of one per customer are given once, in two partitions and in one', async () => {
    await coupons('ONCE,percent,1000,,1');
    const worker = await arena.startWorker();
    const events = await decided([
      order({ coupon: 'ONCE', orderId: newOrderOf(0) }),
      order({ coupon: 'ONCE', orderId: newOrderOf(1) }),
      order({ coupon: 'ONCE', orderId: newOrderOf(1) }),
      order({ coupon: 'ONCE', orderId: newOrderOf(1), customer: 'customer-2' }),
    ]);
    expect(counted(events.slice(0, 3))).toEqual({ ACCEPTED: 1, COUPON_USED: 2 });
    expect(brief(events[3]!)).toBe('ACCEPTED');
    expect(await rows('SELECT customer_id, used FROM coupon_customers ORDER BY customer_id')).toEqual([
      { customer_id: 'customer-1', used: 1 },
      { customer_id: 'customer-2', used: 1 },
    ]);
    await worker.stop();
  }, 60_000);

  // Sylius#18960
  test('without a limit write no counter', async () => {
    await coupons('ALL,percent,1000,,');
    const worker = await arena.startWorker();
    const events = await decided(Array.from({ length: 20 }, () => order({ coupon: 'ALL' })));
    expect(counted(events)).toEqual({ ACCEPTED: 20 });
    for (const table of ['coupon_counters', 'coupon_customers']) {
      expect(await rows(`SELECT code FROM ${table} WHERE code = 'ALL'`)).toEqual([]);
    }
    await worker.stop();
  }, 60_000);

  // Sylius#10125, thelia#3522
  test('are given back by a cancel, in one batch and in two, and never twice', async () => {
    await coupons('SINGLE,percent,1000,1,1');
    const worker = await arena.startWorker();
    const [first, second, third] = [newOrderOf(2), newOrderOf(2), newOrderOf(2)];
    const place = (orderId: string) => order({ coupon: 'SINGLE', orderId });
    const events = await decided([
      place(first),
      place(second),
      cancelCommand(first),
      cancelCommand(first, 'cancel:again'),
      place(third),
    ]);
    expect(events.map(brief)).toEqual([
      'ACCEPTED',
      'COUPON_EXHAUSTED',
      'APPLIED',
      'ILLEGAL_CHANGE',
      'ACCEPTED',
    ]);
    expect(await counter('SINGLE')).toBe(0);
    await one(cancelCommand(third));
    expect(await counter('SINGLE')).toBe(1);
    await worker.stop();
  }, 60_000);

  test('are given back although the limit was lowered below their use', async () => {
    await coupons('LOWER,percent,1000,3,3');
    const worker = await arena.startWorker();
    const held = [randomUUID(), randomUUID(), randomUUID()];
    const events = await decided(held.map((orderId) => order({ coupon: 'LOWER', orderId })));
    expect(counted(events)).toEqual({ ACCEPTED: 3 });
    await coupons('LOWER,percent,1000,1,1');
    expect(await counter('LOWER')).toBe(-2);
    expect(brief(await one(cancelCommand(held[0]!)))).toBe('APPLIED');
    expect(brief(await one(order({ coupon: 'LOWER', customer: 'customer-9' })))).toBe('COUPON_EXHAUSTED');
    expect(counted(await decided([cancelCommand(held[1]!), cancelCommand(held[2]!)]))).toEqual({
      APPLIED: 2,
    });
    expect(await counter('LOWER')).toBe(1);
    await worker.stop();
  }, 60_000);

  test('and stock can be short at the same time, and no batch waits for ever', async () => {
    await coupons('BOTH,percent,1000,2,');
    const workers = await Promise.all([arena.startWorker(), arena.startWorker()]);
    const events = await decided(
      Array.from({ length: 200 }, (_, index) =>
        order({ coupon: 'BOTH', skus: index % 2 === 0 ? ['RARE'] : ['MUG'], customer: `customer-${index}` }),
      ),
    );
    expect(counted(events)['ACCEPTED']).toBe(2);
    expect(await counter('BOTH')).toBe(0);
    for (const worker of workers) await worker.stop();
  }, 60_000);

  test('that are switched off reject, and that are switched to unlimited are not counted', async () => {
    await coupons('FLAG,percent,1000,1,');
    const worker = await arena.startWorker();
    const set = (...flags: [string, string][]) =>
      withDatabase(database().url, (db) => setFlags(db, new Map(flags), { nowMs: 1 }));
    await set(['coupons', 'off']);
    expect(brief(await one(order({ coupon: 'FLAG' })))).toBe('COUPONS_OFF');
    await set(['coupons', 'unlimited']);
    const held = [randomUUID(), randomUUID()];
    const events = await decided(held.map((orderId) => order({ coupon: 'FLAG', orderId })));
    expect(events.map((event) => event.order?.flags)).toEqual([
      'coupons=unlimited,quantityBreaks=on',
      'coupons=unlimited,quantityBreaks=on',
    ]);
    await set(['coupons', 'on']);
    // An order gives back only what it took.
    expect(brief(await one(cancelCommand(held[0]!)))).toBe('APPLIED');
    expect(await counter('FLAG')).toBe(1);
    await worker.stop();
  }, 60_000);
});

describe('rules', () => {
  test('that are imported while a worker runs price the next orders, in rows and events', async () => {
    const worker = await arena.startWorker();
    const bare = await one(order({ skus: ['MUG', 'TEA'], quantity: 10 }));
    expect(bare.order).toMatchObject({ subtotal: 5_000, discount: 0, shipping: 0, tax: 0, total: 5_000 });

    await withDatabase(database().url, async (db) => {
      const catalogue = 'sku,name,unit_price_minor,currency,stock,weight_grams,tax_category,breaks\n';
      await importCatalogue(
        db,
        readCatalogue(`${catalogue}MUG,A mug,1000,EUR,1,400,standard,10:900\nTEA,Tea,500,EUR,1,100,food,\n`),
        { nowMs: 1 },
      );
      const tax = readTaxRates(
        'country,region,category,rate_ppm,inclusive\nDE,,,190000,yes\nDE,,food,70000,yes\n',
      );
      const shipping = readShippingRates(
        'country,currency,weight_up_to_grams,amount_minor,free_from_minor\nDE,EUR,5000,490,20000\n',
      );
      await importRates(db, { tax, shipping }, { nowMs: 1 });
    });
    await coupons('TENTH,percent,1000,,');
    const orderId = randomUUID();
    // 10 × 900 + 10 × 500 = 14000; 10 % are 1400; shipping 490. 8100 + 490 contain 19 %, 4500 contain 7 %.
    const quoted = { coupon: 'TENTH', skus: ['MUG', 'TEA'], quantity: 10, expectedTotal: 13_090 };
    const event = await one(order({ ...quoted, orderId }));
    expect(event.order).toMatchObject({
      subtotal: 14_000,
      discount: 1_400,
      shipping: 490,
      tax: 0,
      taxIncluded: 1_666,
      shippingTaxRatePpm: 190_000,
      total: 13_090,
      couponCode: 'TENTH',
      flags: null,
      lines: [
        {
          sku: 'MUG',
          unitPrice: 900,
          lineTotal: 9_000,
          discount: 900,
          taxIncluded: 1_294,
          taxRatePpm: 190_000,
        },
        { sku: 'TEA', unitPrice: 500, lineTotal: 5_000, discount: 500, taxIncluded: 294, taxRatePpm: 70_000 },
      ],
    });
    const [versions] = await rows<{ sum: number }>(
      'SELECT CAST(SUM(version) AS SIGNED) AS sum FROM catalogue_state WHERE id > 1',
    );
    expect(event.order!.rulesVersion).toBe(versions!.sum);
    const id = `order_id = UNHEX('${orderId.replaceAll('-', '')}')`;
    expect(
      await rows(
        `SELECT discount, shipping, tax_included, total, rules_version, coupon_counted FROM orders WHERE ${id}`,
      ),
    ).toEqual([
      {
        discount: 1_400,
        shipping: 490,
        tax_included: 1_666,
        total: 13_090,
        rules_version: versions!.sum,
        coupon_counted: 0,
      },
    ]);
    expect(
      await rows(
        `SELECT i.discount, i.tax_included, i.tax_rate_ppm FROM orders JOIN order_items i USING (order_key) WHERE ${id} ORDER BY line_no`,
      ),
    ).toEqual([
      { discount: 900, tax_included: 1_294, tax_rate_ppm: 190_000 },
      { discount: 500, tax_included: 294, tax_rate_ppm: 70_000 },
    ]);
    expect(brief(await one(order({ ...quoted, expectedTotal: 13_091 })))).toBe('TOTAL_CHANGED');
    expect(brief(await one(order({ ...quoted, quantity: 11 })))).toBe('SHIPPING_UNAVAILABLE');
    await worker.stop();
  }, 60_000);

  test('leave logs and tables that agree', async () => {
    expect((await audit(arena, producer.history)).findings).toEqual([]);
  }, 60_000);
});
