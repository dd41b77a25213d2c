/** Commands like those of ingestion, with a history of the acknowledged commands. */
import { createHash, randomUUID } from 'node:crypto';
import { type OrderCommand, placeDefaults } from '../../../schemas/index.ts';
import { CHECKSUM_HEADER, checksumOf } from '../../../services/shared/codec/index.ts';
import {
  type Accumulator,
  createAccumulator,
  createKafkaConfig,
  type OutMessage,
} from '../../../services/shared/kafka/index.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { sleep } from '../../../services/shared/retry/index.ts';
import { COMMANDS, partitionOfOrder, partitionOfSku } from '../../../topics/index.ts';
import { plantedPerson } from '../records/planted.ts';
import { type Arena, unitPrice } from './arena.ts';
import { confirmCommand, failCommand, refundResult } from './money-commands.ts';

export interface Acked {
  /** Empty for a command about stock. */
  readonly orderId: string;
  readonly type: OrderCommand['type'];
  readonly partition: number;
  readonly offset: number;
}

export interface Producer {
  /** Every acknowledged command. */
  readonly history: readonly Acked[];
  /** Sends a command to its partition, and resolves with its position. */
  send(command: OrderCommand): Promise<Acked>;
  /** Sends raw bytes with an order's key. */
  sendRaw(
    message: Pick<OutMessage, 'partition' | 'key' | 'value' | 'headers'>,
  ): Promise<{ partition: number; offset: bigint }>;
  /**
   * Sends orders until `stop`, about `perSecond` a second: one in twenty twice, and one in twenty followed by
   * a cancel. One in four is followed by payments, failures, cancels and refunds.
   */
  start(perSecond: number, skus: readonly string[]): { stop(): Promise<void> };
  close(): Promise<void>;
}

/** An order id of the lane. */
export function newOrderOf(partition: number): string {
  for (;;) {
    const orderId = randomUUID();
    if (partitionOfOrder(orderId) === partition) return orderId;
  }
}

/** The PLACE command of one order. The same order id gives the same command. */
export function placeCommand(orderId: string, skus: readonly string[], quantity = 1): OrderCommand {
  return {
    commandId: `place:${orderId}`,
    type: 'PLACE',
    orderId,
    customerId: 'customer-1',
    actor: 'customer',
    idempotencyKey: orderId,
    fingerprint: createHash('sha256').update(orderId).digest(),
    issuedAt: 1_700_000_000_000,
    traceparent: null,
    sealed: null,
    payload: {
      currency: 'EUR',
      lines: skus.map((sku) => ({ sku, quantity, expectedUnitPrice: null })),
      couponCode: null,
      shippingAddress: {
        name: plantedPerson.name,
        line1: plantedPerson.line1,
        line2: null,
        city: plantedPerson.city,
        region: null,
        postalCode: '10115',
        country: 'DE',
      },
      contactEmail: null,
      metadata: [],
      ...placeDefaults,
    },
  };
}

export function cancelCommand(orderId: string, commandId = `cancel:${orderId}`): OrderCommand {
  return {
    commandId,
    type: 'CANCEL',
    orderId,
    customerId: 'customer-1',
    actor: 'customer',
    idempotencyKey: null,
    fingerprint: null,
    issuedAt: 1_700_000_000_000,
    traceparent: null,
    sealed: null,
    payload: { reason: null, expectedVersion: null, lines: [] },
  };
}

/** A producer into the arena's command topic. */
export async function createProducer(arena: Arena): Promise<Producer> {
  const { kafkaBrokers, topicPrefix } = arena.options;
  const settings = createKafkaConfig(
    { kafkaBrokers: kafkaBrokers.split(','), kafkaTopicPrefix: topicPrefix },
    'load',
  );
  const accumulator = await createAccumulator({
    settings,
    log: arena.log,
    metrics: noMetrics,
    topics: [COMMANDS],
  });
  const history: Acked[] = [];
  const producer: Producer = {
    history,
    async send(command) {
      const orderId = command.orderId ?? '';
      const value = arena.codecs.commands.encode(command);
      const headers = { [CHECKSUM_HEADER]: checksumOf(value) };
      const sku = command.type === 'ADJUST_STOCK' ? command.payload.sku : null;
      const { partition, offset } = await produce(accumulator, {
        partition: sku === null ? partitionOfOrder(orderId) : partitionOfSku(sku),
        key: Buffer.from(sku ?? orderId),
        value,
        headers,
      });
      const acked = { orderId, type: command.type, partition, offset: Number(offset) };
      history.push(acked);
      return acked;
    },
    sendRaw: (message) => produce(accumulator, message),
    start: (perSecond, skus) => startLoad(producer, perSecond, skus),
    close: () => accumulator.close(2_000),
  };
  return producer;
}

/** Sends commands one after the other, and waits until each is decided and its outcome published. */
export async function sendAll(arena: Arena, commands: readonly OrderCommand[]): Promise<void> {
  const producer = await createProducer(arena);
  try {
    for (const command of commands) await producer.send(command);
    await arena.quiesce();
  } finally {
    await producer.close();
  }
}

const tickMs = 20;

function startLoad(producer: Producer, perSecond: number, skus: readonly string[]) {
  const stopping = new AbortController();
  const inFlight = new Set<Promise<unknown>>();
  const sendOne = (n: number) => {
    const orderId = randomUUID();
    const lines = Array.from({ length: 1 + (n % 3) }, () => skus[Math.floor(Math.random() * skus.length)]!);
    const commands = [placeCommand(orderId, lines)];
    if (n % 20 === 1) commands.push(placeCommand(orderId, lines));
    if (n % 20 === 2) commands.push(cancelCommand(orderId), cancelCommand(orderId));
    if (n % 4 === 3) commands.push(...moneyOf(orderId, n, lines.length * unitPrice));
    for (const command of commands) {
      // A send without acknowledgement may or may not be in the log. The history holds only acknowledged
      // sends.
      const sent = producer.send(command).catch(() => undefined);
      inFlight.add(sent);
      void sent.finally(() => inFlight.delete(sent));
    }
  };
  const run = async () => {
    let sent = 0;
    const startedMs = performance.now();
    while (!stopping.signal.aborted) {
      const due = ((performance.now() - startedMs) / 1_000) * perSecond;
      while (sent < due) sendOne(sent++);
      await sleep(tickMs, stopping.signal).catch(() => undefined);
    }
  };
  const done = run();
  return {
    async stop() {
      stopping.abort();
      await done;
      await Promise.all(inFlight);
    },
  };
}

/** Commands about the money of an order with this total: paid, cancelled and refunded, paid twice, or paid late. */
function moneyOf(orderId: string, n: number, total: number): OrderCommand[] {
  const paid = confirmCommand(orderId, `${orderId}-1`, total);
  switch (n % 16) {
    case 3:
      return [paid, paid];
    case 7:
      return [paid, cancelCommand(orderId), refundResult(orderId, total)];
    case 11:
      return [
        confirmCommand(orderId, `${orderId}-2`, 1),
        paid,
        confirmCommand(orderId, `${orderId}-3`, total),
      ];
    default:
      return [failCommand(orderId, n % 32 === 15), cancelCommand(orderId), paid];
  }
}

function produce(
  accumulator: Accumulator,
  { partition, key, value, headers }: Pick<OutMessage, 'partition' | 'key' | 'value' | 'headers'>,
) {
  return accumulator.send({ topic: COMMANDS, partition, key, value, headers, timestampMs: Date.now() });
}
