/**
 * The sample subscribers on real topics. They count every outcome once while workers are killed, and stop at a
 * gap.
 */
import avro from 'avsc';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENTS_SUBJECT, type OrderEvent, schemaCatalogue } from '../../../schemas/index.ts';
import { EVENTS } from '../../../topics/index.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { createProducer, type Producer } from '../../support/arena/load.ts';
import { isMissing, skipOrFail } from '../../support/programs/missing.ts';
import {
  type Counted,
  type Program,
  programs,
  removeCopies,
  runSample,
  stateFile,
} from '../../support/programs/samples.ts';
import { rejectedEvent } from '../../support/records/rejected-event.ts';
import { openSubscriberWorld, type SubscriberWorld } from '../../support/records/subscribers.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('samples');
const files = {
  live: useTopicPrefix('samples-live'),
  torn: useTopicPrefix('samples-torn'),
};
/** With more orders, the samples count more outcomes while workers die. */
const ORDERS = Number(process.env['SAMPLE_ORDERS'] ?? 1_500);
const ORDERS_PER_SECOND = 300;
const DEATHS = Math.max(2, Math.round(ORDERS / 2_000));
/** The first run of each sample ends early, while workers are still dying. */
const STOP_FIRST_AFTER = Math.round(ORDERS * 0.6);

let arena: Arena;
let producer: Producer;
let torn: SubscriberWorld;
let expected: Awaited<ReturnType<typeof loadWhileWorkersDie>>;
const prepared = new Map<string, Program>();
const firstRuns = new Map<string, Promise<Counted>>();

beforeAll(async () => {
  const stock = new Map([
    ['SKU-1', 1_000_000],
    ['SCARCE', 50],
  ]);
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: files.live, stock });
  producer = await createProducer(arena);
  torn = await openSubscriberWorld(files.torn);
  await torn.accumulator.sendBatch([await ofVersion1(rejectedEvent(4, 0, -1))]);
  await torn.produceEvents([1, 3].map((offset) => rejectedEvent(4, offset, offset - 1)));
  for (const [language, prepare] of Object.entries(programs)) {
    const program = await prepare();
    prepared.set(language, program);
  }
  // Downloads may take minutes, and the time of a run begins with its start. So all are prepared first.
  for (const [language, program] of prepared) {
    // The skipped tests give the reason.
    if (isMissing(program)) continue;
    const env = envOf(language, files.live);
    const first = runSample(program, { env, args: ['--until-total', String(STOP_FIRST_AFTER)] });
    first.catch(() => undefined);
    firstRuns.set(language, first);
  }
  expected = await loadWhileWorkersDie();
}, 900_000);

afterAll(async () => {
  removeCopies();
  await torn.close();
  await producer.close();
  await arena.close();
});

/** Every worker except the last dies with outcomes in flight, so that some arrive twice. */
async function loadWhileWorkersDie() {
  const load = producer.start(ORDERS_PER_SECOND, ['SKU-1', 'SKU-1', 'SCARCE']);
  const over = new Promise((resolve) => setTimeout(resolve, (ORDERS / ORDERS_PER_SECOND) * 1_000));
  for (let n = 0; n < DEATHS; n += 1) {
    const worker = await arena.startWorker({
      INSTANCE_ID: `doomed-${n}`,
      FAILPOINTS: 'publishAcked=kill@50',
    });
    await worker.exited;
  }
  await arena.startWorker({ INSTANCE_ID: 'last' });
  await over;
  await load.stop();
  await arena.quiesce();
  const { produced } = await arena.progress();
  const [row] = await arena.mysql.pool.rows<{ accepted: number; rejected: number }>(
    "SELECT CAST(SUM(status <> 'REJECTED') AS SIGNED) AS accepted, CAST(SUM(status = 'REJECTED') AS SIGNED) AS rejected FROM orders",
  );
  return { total: produced, accepted: row!.accepted, rejected: row!.rejected, ...(await axesOfRows()) };
}

/** Money and units of all orders, from their rows. */
async function axesOfRows() {
  const { pool } = arena.mysql;
  const sums = (columns: string[]): string =>
    columns.map((column) => `CAST(SUM(${column}) AS SIGNED) AS ${column}`).join(', ');
  const money = await pool.rows<Record<string, number> & { currency: string }>(
    `SELECT currency, ${sums(['received', 'refund_pending', 'refunded'])} FROM orders GROUP BY currency`,
  );
  const [units] = await pool.rows<Record<string, number>>(
    `SELECT ${sums(['quantity', 'cancelled', 'shipped', 'returned', 'restocked'])}
     FROM order_items JOIN orders USING (order_key) WHERE status <> 'REJECTED'`,
  );
  const { quantity: ordered, ...moved } = units!;
  return {
    money: Object.fromEntries(
      money.map(({ currency, received, refund_pending: refundPending, refunded }) => [
        currency,
        { received, refundPending, refunded },
      ]),
    ),
    units: { ordered, ...moved },
  };
}

function envOf(language: string, prefix: string): Record<string, string> {
  const { kafkaBrokers, schemaRegistryUrl } = testStack();
  return {
    KAFKA_BROKERS: kafkaBrokers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    KAFKA_TOPIC_PREFIX: prefix,
    GROUP: `${prefix}sample-${language}`,
    STATE_FILE: stateFile(`${language}-${prefix}`),
  };
}

describe.each(Object.keys(programs))('the sample subscriber in %s', (language) => {
  test('counts every outcome once while workers die, over two runs, and proves that none is missing', async (context) => {
    const program = prepared.get(language)!;
    if (isMissing(program)) return skipOrFail(context, program);
    const env = envOf(language, files.live);
    const first = await firstRuns.get(language)!;
    expect(first.total).toBeGreaterThanOrEqual(STOP_FIRST_AFTER);
    const counted = await runSample(program, { env, args: ['--until-total', String(expected.total)] });
    expect(counted.total).toBe(expected.total);
    expect(counted.counts).toMatchObject({ ACCEPTED: expected.accepted, REJECTED: expected.rejected });
    expect(counted.money).toEqual(expected.money);
    expect(counted.units).toEqual(expected.units);
    expect(expected.money['EUR']!['refunded']).toBeGreaterThan(0);
    expect(Object.values(counted.from)).toEqual(Array(12).fill(-1));
    // Workers repeated some outcomes. A sample that lost its group reads more than these again.
    const ends = await arena.admin.endOffsets(EVENTS);
    const records = [...ends.values()].reduce((sum, { high }) => sum + Number(high), 0);
    expect(records).toBeGreaterThan(expected.total);
  }, 180_000);

  test('reads an outcome of schema version 1, and stops at a gap', async (context) => {
    const program = prepared.get(language)!;
    if (isMissing(program)) return skipOrFail(context, program);
    const run = runSample(program, { env: envOf(language, files.torn), args: ['--idle-seconds', '30'] });
    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('gap on partition 4: the outcome follows 2, but the position is 1'),
    });
  });
});

/** The record of an outcome as a worker of the first release writes it. */
async function ofVersion1(event: OrderEvent) {
  const { subject, schema } = schemaCatalogue.find((entry) => entry.subject === EVENTS_SUBJECT)!;
  const url = `${testStack().schemaRegistryUrl}/subjects/${subject}/versions/1`;
  const { id } = (await (await fetch(url)).json()) as { id: number };
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(id, 1);
  const body = avro.Type.forSchema(schema as avro.Schema, { wrapUnions: false }).toBuffer(event);
  const key = Buffer.from(event.orderId!);
  return {
    ...{ topic: EVENTS, partition: event.sourcePartition, key, value: Buffer.concat([frame, body]) },
    ...{ headers: { ce_id: event.eventId }, timestampMs: Date.now() },
  };
}
