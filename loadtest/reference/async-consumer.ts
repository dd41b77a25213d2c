/**
 * The consumer of the usual asynchronous design. `eachMessage` runs one transaction per order and sends its outcome.
 * The library commits the offsets. After a crash, a record may arrive again. Then the table has its order under the
 * same key, and the consumer sends its outcome again. A repeat by the client is a later record of the same order.
 * This order already has its outcome.
 */
import type { EachMessagePayload, Producer } from 'kafkajs';
import type { RowDataPacket } from 'mysql2/promise';
import type { OrderEvent, PlaceCommand } from '../../schemas/generated/types.ts';
import { noRules } from '../../services/domain/index.ts';
import { orderKeyOf } from '../../services/orders-db/index.ts';
import { type Codecs, loadCodecs } from '../../services/shared/codec/index.ts';
import type { Connection } from './connect.ts';
import { outcomeBytes } from './event-bytes.ts';
import { type Place, persistOrder } from './order-transaction.ts';
import { priced } from './order-values.ts';
import {
  type ConnectionPool,
  isDuplicate,
  kafkaOf,
  openPool,
  openProducer,
  type ReferenceJob,
  retryConflicts,
  runReference,
  type StartedReference,
} from './reference-process.ts';

interface Deps {
  readonly codecs: Codecs;
  readonly pool: ConnectionPool;
  readonly producer: Producer;
  readonly eventTopic: string;
}

const fetchWaitMaxMs = 100;

await runReference(start);

async function start(job: ReferenceJob): Promise<StartedReference> {
  const { mysqlUrl, registryUrl, commandTopic, eventTopic, group, settings } = job;
  const codecs = await loadCodecs({ registryUrl, log: console });
  const kafka = kafkaOf(job);
  const pool = await openPool(mysqlUrl, settings.partitions);
  const producer = await openProducer(kafka);
  const consumer = kafka.consumer({
    groupId: group,
    minBytes: settings.fetchBytesMin,
    maxWaitTimeInMs: fetchWaitMaxMs,
  });
  const deps = { codecs, pool, producer, eventTopic };
  const joined = new Promise<void>((resolve) => consumer.on('consumer.group_join', () => resolve()));
  consumer.on('consumer.crash', ({ payload }) => {
    console.error(payload.error);
    if (!payload.restart) process.exit(1);
  });
  await consumer.connect();
  await consumer.subscribe({ topic: commandTopic, fromBeginning: true });
  await consumer.run({
    partitionsConsumedConcurrently: settings.partitions,
    eachMessage: (payload) => work(deps, payload),
  });
  await joined;
  return {
    url: null,
    async stop() {
      await consumer.disconnect();
      await producer.disconnect();
      await pool.close();
    },
  };
}

async function work(deps: Deps, { partition, message }: EachMessagePayload): Promise<void> {
  const command = deps.codecs.commands.decode(message.value);
  if (command.type !== 'PLACE')
    throw new Error(`a command of type ${command.type} does not exist in this design`);
  const place = { partition, offset: Number(message.offset) };
  const event = await deps.pool.use((connection) => decide(deps.codecs.events, connection, command, place));
  if (event === null) return;
  const outcome = { partition, key: command.orderId, value: event };
  await deps.producer.send({ topic: deps.eventTopic, acks: -1, messages: [outcome] });
}

/** The outcome to send; null for a repeat of an earlier order. */
async function decide(
  codec: Codecs['events'],
  connection: Connection,
  command: PlaceCommand,
  place: Place,
): Promise<Buffer | null> {
  try {
    const { event } = await retryConflicts(() =>
      persistOrder(connection, { codec, command, place, rules: noRules }),
    );
    return event;
  } catch (error) {
    if (isDuplicate(error)) return storedOutcome(codec, connection, command, place);
    throw error;
  }
}

async function storedOutcome(
  codec: Codecs['events'],
  connection: Connection,
  command: PlaceCommand,
  place: Place,
): Promise<Buffer | null> {
  const key = orderKeyOf(place.partition, place.offset);
  const [orders] = await connection.execute<RowDataPacket[]>(
    'SELECT reason, price_version, created_at_ms FROM orders WHERE order_key = ?',
    [key],
  );
  const [order] = orders;
  if (order === undefined) return null;
  const [items] = await connection.execute<RowDataPacket[]>(
    'SELECT sku, unit_price FROM order_items WHERE order_key = ? AND unit_price IS NOT NULL',
    [key],
  );
  const { currency } = command.payload;
  const products = new Map(
    items.map(({ sku, unit_price: unitPrice }) => [
      sku as string,
      { sku, name: '', unitPrice, currency, weightGrams: 0, taxCategory: '', breaks: null },
    ]),
  );
  const again = priced(command, place, products, order['price_version'], noRules);
  const reason = order['reason'] === null ? null : (JSON.parse(order['reason']) as OrderEvent['reason']);
  return outcomeBytes(codec, again, { ...place, nowMs: Number(order['created_at_ms']) }, reason);
}
