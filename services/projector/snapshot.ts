/** The topic of states: where a partition stands, and what a batch looks like in it. */
import type { OrderState } from '../../schemas/index.ts';
import { EVENTS, STATE } from '../../topics/index.ts';
import type { Codec } from '../shared/codec/index.ts';
import { appError } from '../shared/errors/index.ts';
import {
  type FencedMessage,
  type KafkaAdmin,
  type KafkaSettings,
  readCommittedRange,
} from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { decodeRecord } from './decode.ts';
import { atTheBeginning, type Position, positionIn } from './projection.ts';

export const recordHeader = 'os-record';
const markerKind = 'position';
/** Read at a time when looking back for the last marker; a batch with its marker is well below it. */
const lookBackRecords = 4_000n;

export interface SnapshotDeps {
  settings: KafkaSettings;
  admin: Pick<KafkaAdmin, 'endOffsets'>;
  codec: Codec<OrderState>;
  log: Logger;
}

/**
 * Where the states of a partition stand: the last committed marker, looked for from the end backwards. Call it with the
 * partition's writer in hand, or another could go on behind what is read here. Outcomes that retention has taken since
 * are skipped, and show as a hole.
 *
 * @throws AppError TOPIC_MISSING where the outcomes end before what is covered: not the log that the states are from
 */
export async function findPosition(
  deps: SnapshotDeps,
  partition: number,
  signal: AbortSignal,
): Promise<Position> {
  const position = (await lastMarker(deps, partition, signal)) ?? atTheBeginning;
  const { low, high } = (await deps.admin.endOffsets(EVENTS)).get(partition) ?? { low: 0n, high: 0n };
  if (position.eventsOffset > high) {
    const reason = `partition ${partition} ends at ${high}, the states cover it up to ${position.eventsOffset}`;
    throw appError('TOPIC_MISSING', { topic: EVENTS, reason });
  }
  return { ...position, eventsOffset: position.eventsOffset < low ? low : position.eventsOffset };
}

async function lastMarker(
  deps: SnapshotDeps,
  partition: number,
  signal: AbortSignal,
): Promise<Position | null> {
  const { settings, admin, log } = deps;
  const { low, high } = (await admin.endOffsets(STATE)).get(partition) ?? { low: 0n, high: 0n };
  for (let to = high; to > low; ) {
    const from = to - lookBackRecords > low ? to - lookBackRecords : low;
    const records = await readCommittedRange({ settings, topic: STATE, partition, from, to, log });
    for (const record of records.toReversed()) {
      if (String(record.headers[recordHeader]) !== markerKind) continue;
      const state = await decodeRecord(deps, record, signal);
      const position = state === null ? null : positionIn(state);
      if (position !== null) return position;
    }
    to = from;
  }
  return null;
}

/** States and the marker behind them, as they are appended: the marker last, so that it never promises too much. */
export function messagesOf(
  codec: Codec<OrderState>,
  states: readonly OrderState[],
  marker: OrderState,
): FencedMessage[] {
  return [
    ...states.map((state) => toMessage(codec, state, String(state.orderId), 'state')),
    toMessage(codec, marker, `position/${marker.sourcePartition}`, markerKind),
  ];
}

function toMessage(codec: Codec<OrderState>, state: OrderState, key: string, kind: string): FencedMessage {
  return {
    key: Buffer.from(key),
    value: codec.encode(state),
    headers: {
      [recordHeader]: kind,
      'os-source-offset': String(state.sourceOffset),
      'content-type': 'application/avro',
    },
    timestampMs: state.updatedAt,
  };
}
