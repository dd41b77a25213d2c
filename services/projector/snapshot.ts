/** Reads the position of a partition from the topic of states, and creates the records of a batch. */
import type { OrderState } from '../../schemas/index.ts';
import { EVENTS, STATE } from '../../topics/index.ts';
import type { Codec } from '../shared/codec/index.ts';
import { createRecordDecoder } from '../shared/consuming/index.ts';
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
import { type LogIds, readLogIds, writeLogIds } from './logs.ts';
import { registryBackoff } from './outcome-decoder.ts';
import { atTheBeginning, type Position, positionIn } from './projection.ts';

const recordHeader = 'os-record';
const idsHeader = 'os-topic-ids';
const sourceOffsetHeader = 'os-source-offset';
const markerKind = 'position';
/** Number of records per step of the backward search for the last marker. A batch with its marker is much smaller. */
const lookBackRecords = 4_000n;

export interface SnapshotDeps {
  settings: KafkaSettings;
  admin: Pick<KafkaAdmin, 'endOffsets'>;
  codec: Codec<OrderState>;
  /** Called while the marker cannot be read because of the registry. */
  onWait(reason: string): void;
  log: Logger;
}

/** The position of the states of a partition, and the next outcome to read. */
export interface Found {
  position: Position;
  /** The reason why reading does not continue at the offset of the marker; usually null. */
  changed: 'replaced' | 'cut' | null;
  /** Whether reading starts at the first outcome in the log. Then another search cannot fill a hole. */
  isFromLow: boolean;
  /** Whether the log has no new outcome to read yet. */
  isAtEnd: boolean;
}

/**
 * Searches backwards for the last committed marker of these logs. The caller must hold the writer of the partition,
 * because otherwise another process could write a later marker. Outcomes that retention has deleted are skipped and
 * appear as a hole. A recreated outcome topic is read from its beginning. Source offsets show which outcomes are
 * already covered.
 *
 * @throws AppError SNAPSHOT_FOREIGN if the marker belongs to another command log
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
  // Records at and after this offset are new. Records before it were read.
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
  const decoder = createRecordDecoder({ ...deps, isProven: isMarker, backoff: registryBackoff });
  const { low, high } = (await admin.endOffsets(STATE)).get(partition) ?? { low: 0n, high: 0n };
  for (let to = high; to > low; ) {
    const from = to - lookBackRecords > low ? to - lookBackRecords : low;
    const records = await readCommittedRange({ settings, topic: STATE, partition, from, to, log });
    for (const record of records.toReversed()) {
      if (String(headerOf(record, recordHeader)) !== markerKind) continue;
      const ids = readLogIds(String(headerOf(record, idsHeader) ?? ''));
      // A projector wrote this marker before it noticed that the topic of states was recreated.
      if (ids !== null && ids.states !== current.states) continue;
      const [decoded] = await decoder.decode([record], signal);
      const state = decoded?.value ?? null;
      const position = state === null ? null : positionIn(state);
      if (position !== null) return { position, ids };
    }
    to = from;
  }
  return null;
}

/** Whether the contents of the marker match its headers. */
function isMarker(state: OrderState, record: InRecord): boolean {
  return (
    state.orderId === null &&
    state.sourcePartition === record.partition &&
    String(state.sourceOffset) === String(headerOf(record, sourceOffsetHeader))
  );
}

/**
 * The records of states and their marker, in the order of writing. The marker is last, so that it never covers too
 * much.
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

/** Encodes a state. Throws STATE_UNWRITABLE, because a row of the tables may have values that do not fit the schema. */
function encode(codec: Codec<OrderState>, state: OrderState): Buffer {
  try {
    return codec.encode(state);
  } catch (error) {
    const outcome = `${state.sourcePartition}-${state.sourceOffset}`;
    const { cause } = error as Error;
    throw appError('STATE_UNWRITABLE', { outcome, reason: errorMessage(cause ?? error) }, { cause: error });
  }
}
