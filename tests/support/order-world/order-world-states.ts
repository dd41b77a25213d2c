/**
 * The snapshot of a small world (order-world.ts). It has the state of each order and a position marker per
 * partition, as the projector writes them.
 */
import type { LogRecord } from '../../../cli/kafka/log-reader.ts';
import type { OrderEvent, OrderState } from '../../../schemas/index.ts';
import type { Codec } from '../../../services/shared/codec/index.ts';
import { STATE } from '../../../topics/catalogue.ts';
import { PARTITIONS } from '../../../topics/partition.ts';
import { AT_MS, type World, type WorldRecord } from './order-world.ts';

export interface WorldStates {
  states: WorldRecord<OrderState>[];
  markers: WorldRecord<OrderState>[];
}

/** The states after the world's outcomes. They cover all outcomes. */
export function statesOf(world: World): WorldStates {
  const states = new Map<string, OrderState>();
  for (const { body } of world.events) {
    if (Buffer.isBuffer(body) || body.orderId === null) continue;
    if (!['ACCEPTED', 'REJECTED', 'APPLIED'].includes(body.outcome)) continue;
    states.set(body.orderId, stateAfter(body, states.get(body.orderId)));
  }
  return {
    states: [...states.values()].map((state) => recordOf(state)),
    markers: Array.from({ length: PARTITIONS }, (_, partition) =>
      markerOf(world, partition, world.next[partition]! - 1),
    ),
  };
}

function stateAfter(event: OrderEvent, before: OrderState | undefined): OrderState {
  const { orderId, customerId, version, status, sourcePartition, sourceOffset, reason, order } = event;
  return {
    orderId,
    customerId,
    version,
    status,
    createdAt: AT_MS,
    updatedAt: AT_MS,
    sourcePartition,
    sourceOffset,
    coversFrom: null,
    eventsOffset: null,
    reason: reason === null ? null : { code: reason.code, message: reason.message, pointer: null },
    terms: order === null ? (before?.terms ?? null) : order,
    money: event.money,
    units: event.units,
  };
}

/** The marker of a partition. It covers outcomes up to this source offset. */
export function markerOf(world: World, partition: number, covers: number): WorldRecord<OrderState> {
  const eventsOffset = world.events.filter((record) => record.partition === partition).length;
  return recordOf({
    orderId: null,
    customerId: null,
    version: 0,
    status: null,
    createdAt: null,
    updatedAt: AT_MS,
    sourcePartition: partition,
    sourceOffset: covers,
    coversFrom: -1,
    eventsOffset,
    reason: null,
    terms: null,
    money: null,
    units: null,
  });
}

function recordOf(state: OrderState): WorldRecord<OrderState> {
  const partition = state.sourcePartition;
  const isMarker = state.orderId === null;
  return {
    partition,
    key: isMarker ? `position/${partition}` : state.orderId,
    timestampMs: state.updatedAt,
    headers: { 'os-record': isMarker ? 'position' : 'state' },
    body: state,
  };
}

/** The records in log order, by partition. */
export function stateLog(
  records: readonly WorldRecord<OrderState>[],
  codec: Pick<Codec<OrderState>, 'encode'>,
): LogRecord[][] {
  const log: LogRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  for (const { partition, key, timestampMs, headers, body } of records) {
    const value = Buffer.isBuffer(body) ? body : codec.encode(body);
    const offset = log[partition]!.length;
    log[partition]!.push({
      topic: STATE,
      partition,
      offset,
      timestampMs,
      key: key === null ? null : Buffer.from(key),
      value,
      headers,
    });
  }
  return log;
}
