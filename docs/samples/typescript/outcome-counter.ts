/**
 * A sample subscriber: counts outcomes, money and units, drops repeats, and proves that it missed none. See
 * ../README.md.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import avro, { type Type } from 'avsc';
import { Kafka, logLevel } from 'kafkajs';

const { values: flags } = parseArgs({
  options: { 'until-total': { type: 'string' }, 'idle-seconds': { type: 'string' } },
});
const untilTotal = Number(flags['until-total'] ?? Number.POSITIVE_INFINITY);
const idleMs = Number(flags['idle-seconds'] ?? Number.POSITIVE_INFINITY) * 1000;
const env = process.env;
const topic = `${env['KAFKA_TOPIC_PREFIX'] ?? ''}orders.events.v1`;
const stateFile = env['STATE_FILE'] ?? 'outcome-counter.json';
const registry = env['SCHEMA_REGISTRY_URL'] ?? 'http://127.0.0.1:18081/apis/ccompat/v7';
const avsc = new URL('outcome-counter.avsc', import.meta.url);

// One file has the position of each partition and the effect. It is replaced as a whole, so both change
// together.
const units = { ordered: 0, cancelled: 0, shipped: 0, returned: 0, restocked: 0 };
const fresh = { positions: {}, from: {}, counts: {}, total: 0, repeats: 0, money: {}, units, orders: {} };
type Numbers = Record<string, number>;
type State = { positions: Numbers; from: Numbers; counts: Numbers; total: number; repeats: number } & Sums;
// Money by currency, in minor units. `orders` has the last totals of each order that changed, as in `axes`.
type Sums = { money: Record<string, Numbers>; units: Numbers; orders: Record<string, number[]> };
const axes = ['received', 'refundPending', 'refunded', 'cancelled', 'shipped', 'returned', 'restocked'];
const state: State = { ...fresh, ...(existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, 'utf8')) : {}) };

type Outcome = { outcome: string; sourceOffset: number; prevSourceOffset: number; orderId: string | null } & Axes;
type Axes = { payment: InCurrency; refund: InCurrency; money: Numbers | null; units: Numbers | null };
type InCurrency = { currency: string } | null;
const reader = avro.Type.forSchema(JSON.parse(readFileSync(avsc, 'utf8')));
const resolvers = new Map<number, ReturnType<Type['createResolver']>>();

async function decode(value: Buffer): Promise<Outcome> {
  const id = value.readUInt32BE(1);
  if (!resolvers.has(id)) {
    const answer = await fetch(`${registry}/schemas/ids/${id}`);
    const { schema } = (await answer.json()) as { schema: string };
    resolvers.set(id, reader.createResolver(avro.Type.forSchema(JSON.parse(schema))));
  }
  return reader.fromBuffer(value.subarray(5), resolvers.get(id)) as Outcome;
}

function take(partition: number, event: Outcome): void {
  const { outcome, sourceOffset, prevSourceOffset } = event;
  state.from[partition] ??= prevSourceOffset; // -1: from the first outcome on
  const position = state.positions[partition] ?? prevSourceOffset;
  if (sourceOffset <= position) return void (state.repeats += 1);
  if (prevSourceOffset !== position)
    throw new Error(`gap on partition ${partition}: the outcome follows ${prevSourceOffset}, but the position is ${position}`);
  state.counts[outcome] = (state.counts[outcome] ?? 0) + 1;
  state.total += 1;
  state.positions[partition] = sourceOffset;
  sum(event);
}

// `money` and `units` are totals of the order. What is new is the difference to its totals before.
function sum({ outcome, orderId, payment, refund, money, units }: Outcome): void {
  if (orderId === null || money === null || units === null) return; // no change of an order, or schema version 1
  if (outcome === 'ACCEPTED') state.units['ordered']! += units['ordered']!;
  if (outcome !== 'APPLIED') return;
  const currency = (payment ?? refund)?.currency ?? ''; // nothing else moves money
  const now = axes.map((name) => ({ ...money, ...units })[name]!);
  for (const [i, name] of axes.entries()) {
    const change = now[i]! - (state.orders[orderId]?.[i] ?? 0);
    const sums = name in money ? (change === 0 ? {} : (state.money[currency] ??= {})) : state.units;
    sums[name] = (sums[name] ?? 0) + change;
  }
  state.orders[orderId] = now;
}

const brokers = (env['KAFKA_BROKERS'] ?? '127.0.0.1:19092').split(',');
const kafka = new Kafka({ clientId: 'outcome-counter', brokers, logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: env['GROUP'] ?? 'outcome-counter-ts' });
let finish!: () => void;
let fail!: (error: unknown) => void;
const done = new Promise<void>((resolve, reject) => [finish, fail] = [resolve, reject]);
const waitIdle = () => setTimeout(finish, Math.min(idleMs, 2 ** 31 - 1));
let idle = waitIdle();
consumer.on('consumer.crash', ({ payload }) => payload.restart || fail(payload.error));
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  autoCommit: false,
  async eachBatch({ batch: { partition, messages } }) {
    const outcomes = await Promise.all(messages.map(({ value }) => decode(value as Buffer)));
    try {
      for (const outcome of outcomes) take(partition, outcome);
    } catch (error) {
      return fail(error);
    }
    writeFileSync(`${stateFile}.new`, JSON.stringify(state));
    renameSync(`${stateFile}.new`, stateFile);
    const offset = String(Number(messages.at(-1)?.offset) + 1);
    // Commit after the effect, never before. The file has the position, and the client joins a lost group
    // again.
    await consumer
      .commitOffsets([{ topic, partition, offset }])
      .catch((error: Error) => console.error(`commit failed: ${error.message}`));
    clearTimeout(idle);
    idle = waitIdle();
    if (state.total >= untilTotal) finish();
  },
});
await done.finally(() => clearTimeout(idle));
await consumer.disconnect();
const { orders: _, ...shown } = state;
console.log(JSON.stringify(shown));
