/** The topic of states: where a partition stands, and what a batch looks like in it. */
import type { OrderState } from '../../schemas/index.ts';
import { EVENTS, STATE } from '../../topics/index.ts';
import type { Codec } from '../shared/codec/index.ts';
import { appError, errorMessage } from '../shared/errors/index.ts';
import {
  type FencedMessage,
  headerOf,
  type InRecord,
  type KafkaAdmin,
  type KafkaSettings,
  readCommittedRange,
} from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { decodeRecord } from './decode.ts';
import { type LogIds, readLogIds, writeLogIds } from './logs.ts';
import { atTheBeginning, type Position, positionIn } from './projection.ts';

const recordHeader = 'os-record';
const idsHeader = 'os-topic-ids';
const sourceOffsetHeader = 'os-source-offset';
const markerKind = 'position';
/** Read at a time when looking back for the last marker; a batch with its marker is well below it. */
const lookBackRecords = 4_000n;

export interface SnapshotDeps {
  settings: KafkaSettings;
  admin: Pick<KafkaAdmin, 'endOffsets'>;
  codec: Codec<OrderState>;
  /** Told while the marker cannot be read for want of the registry. */
  onWait(reason: string): void;
  log: Logger;
}

/** Where the states of a partition are, and where in the outcomes to go on. */
export interface Found {
  position: Position;
  /** Why the outcomes are not read on from where the marker says; null usually. */
  changed: 'replaced' | 'cut' | null;
  /** Outcomes are read from the first that the log still has: a hole cannot be mended by looking again. */
  isFromLow: boolean;
  /** There is nothing to read yet. */
  isAtEnd: boolean;
}

/**
 * The last committed marker of these logs, looked for from the end backwards. Call it with the partition's writer in hand, or
 * another could go on behind what is read here. Outcomes that retention has taken since are skipped, and show as a hole.
 * Outcomes that were recreated are read from their beginning: what is covered already is told by its source offset.
 *
 * @throws AppError SNAPSHOT_FOREIGN where the marker counts in another command log
 */
export async function findPosition(
  deps: SnapshotDeps,
  partition: number,
  ids: LogIds,
  signal: AbortSignal,
): Promise<Found> {
  const marker = await lastMarker(deps, partition, ids, signal);
  const position = marker?.position ?? atTheBeginning;
  const of = marker?.ids ?? ids;
  if (of.commands !== ids.commands)
    throw appError('SNAPSHOT_FOREIGN', { partition, covered: of.commands, current: ids.commands });
  const { low, high } = (await deps.admin.endOffsets(EVENTS)).get(partition) ?? { low: 0n, high: 0n };
  const foundAt = (eventsOffset: bigint, changed: Found['changed']): Found => ({
    position: { ...position, eventsOffset },
    changed,
    isFromLow: eventsOffset <= low,
    isAtEnd: eventsOffset >= high,
  });
  if (of.outcomes !== ids.outcomes) return foundAt(low, 'replaced');
  // Records that come behind the cut are new, and those below it were read.
  if (position.eventsOffset > high) return foundAt(high, 'cut');
  return foundAt(position.eventsOffset < low ? low : position.eventsOffset, null);
}

async function lastMarker(
  deps: SnapshotDeps,
  partition: number,
  current: LogIds,
  signal: AbortSignal,
): Promise<{ position: Position; ids: LogIds | null } | null> {
  const { settings, admin, log } = deps;
  const { low, high } = (await admin.endOffsets(STATE)).get(partition) ?? { low: 0n, high: 0n };
  for (let to = high; to > low; ) {
    const from = to - lookBackRecords > low ? to - lookBackRecords : low;
    const records = await readCommittedRange({ settings, topic: STATE, partition, from, to, log });
    for (const record of records.toReversed()) {
      if (String(headerOf(record, recordHeader)) !== markerKind) continue;
      const ids = readLogIds(String(headerOf(record, idsHeader) ?? ''));
      // Written by a projector that had not noticed yet that the states before it are gone.
      if (ids !== null && ids.states !== current.states) continue;
      const state = await decodeRecord({ ...deps, isProven: isMarker }, record, signal);
      const position = state === null ? null : positionIn(state);
      if (position !== null) return { position, ids };
    }
    to = from;
  }
  return null;
}

/** The marker says the same of itself as its record does. */
function isMarker(state: OrderState, record: InRecord): boolean {
  return (
    state.orderId === null &&
    state.sourcePartition === record.partition &&
    String(state.sourceOffset) === String(headerOf(record, sourceOffsetHeader))
  );
}

/**
 * States and the marker behind them, as they are appended: the marker last, so that it never promises too much.
 *
 * @throws AppError STATE_UNWRITABLE
 */
export function messagesOf(
  codec: Codec<OrderState>,
  states: readonly OrderState[],
  marker: OrderState,
  ids: LogIds,
): FencedMessage[] {
  const last = toMessage(codec, marker, `position/${marker.sourcePartition}`, markerKind);
  return [
    ...states.map((state) => toMessage(codec, state, String(state.orderId), 'state')),
    { ...last, headers: { ...last.headers, [idsHeader]: writeLogIds(ids) } },
  ];
}

function toMessage(codec: Codec<OrderState>, state: OrderState, key: string, kind: string): FencedMessage {
  return {
    key: Buffer.from(key),
    value: encode(codec, state),
    headers: {
      [recordHeader]: kind,
      [sourceOffsetHeader]: String(state.sourceOffset),
      'content-type': 'application/avro',
    },
    timestampMs: state.updatedAt,
  };
}

/** What a row of the tables says may be more than the schema holds. */
function encode(codec: Codec<OrderState>, state: OrderState): Buffer {
  try {
    return codec.encode(state);
  } catch (error) {
    const outcome = `${state.sourcePartition}-${state.sourceOffset}`;
    const { cause } = error as Error;
    throw appError('STATE_UNWRITABLE', { outcome, reason: errorMessage(cause ?? error) }, { cause: error });
  }
}
