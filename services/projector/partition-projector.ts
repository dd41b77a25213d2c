/**
 * Projects the outcomes of one partition to states.
 *
 *   waiting ──► claiming ──► following ──(error)──► waiting
 *      └───────────┴─────────────┴──(close)──► closed
 *
 * claiming: fences the previous writer of this partition, then reads the position of the last marker.
 * following: writes batches of states, each with a marker in one transaction. After a failure the result of the
 * last transaction is unknown. So the projector claims again and keeps no state. This applies to every failure,
 * also to bugs. A new process would do the same, but would stop the healthy partitions too.
 */
import type { OrderEvent, OrderState } from '../../schemas/index.ts';
import { EVENTS, STATE } from '../../topics/index.ts';
import type { Codec } from '../shared/codec/index.ts';
import { type BufferLimits, PartitionBuffer, type RecordDecoder } from '../shared/consuming/index.ts';
import { appError, classify, errorMessage } from '../shared/errors/index.ts';
import {
  type FencedWriter,
  type InRecord,
  type KafkaAdmin,
  type KafkaSettings,
  openFencedWriter,
} from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import type { Queryable } from '../shared/mysql/index.ts';
import { backoff, sleep } from '../shared/retry/index.ts';
import { fetchLogIds, type LogIds } from './logs.ts';
import { readOrigins } from './origins.ts';
import { createOutcomeDecoder } from './outcome-decoder.ts';
import { markerOf, type Position, type Projection, project, type ReadEvent, stateOf } from './projection.ts';
import { findPosition, messagesOf, type SnapshotDeps } from './snapshot.ts';
import { createSpans, spanRecordsMax } from './spans.ts';

/** The buffer holds a few batches that the loop has not taken yet. */
const bufferLimits: BufferLimits = { recordsHigh: 4_000, recordsLow: 2_000 };
const claimBackoff = backoff({ initialMs: 200, maxMs: 5_000 });
/** Time between two checks of a projector that may not claim yet. */
const membershipPollMs = 100;
const writerName = (partition: number): string => `orders-projector-${partition}`;

export interface PartitionProjectorDeps {
  settings: KafkaSettings;
  admin: Pick<KafkaAdmin, 'endOffsets'>;
  events: Codec<OrderEvent>;
  states: Codec<OrderState>;
  pool: Queryable;
  flow: { pause(partition: number): void; resume(partition: number, from?: bigint): void };
  /** Whether this process is currently a member of the group. */
  isMember(): boolean;
  log: Logger;
  metrics: Metrics;
  /** Called with the reason why states do not advance, and with null when they advance again. */
  onWait(partition: number, reason: string | null): void;
}

export interface PartitionProjector {
  enqueue(records: readonly InRecord[]): void;
  /** Outcome offset up to which states are committed; null while unknown. */
  done(): bigint | null;
  /** Claims again, because the log was recreated or does not contain the position. */
  renew(reason: string): void;
  /** Ends this projector after the current transaction. Calls share one promise. */
  close(): Promise<void>;
}

export function openPartitionProjector(deps: PartitionProjectorDeps, partition: number): PartitionProjector {
  const abort = new AbortController();
  const state = { done: null as bigint | null };
  const log = deps.log.child({ partition });
  let isWaiting = false;
  const onWait: PartitionProjectorDeps['onWait'] = (_partition, reason) => {
    // The partition may have another projector by now. That projector reports its own state.
    if (abort.signal.aborted || (reason === null && !isWaiting)) return;
    isWaiting = reason !== null;
    deps.onWait(partition, reason);
  };
  const buffer = new PartitionBuffer(bufferLimits, {
    pause: () => deps.flow.pause(partition),
    resume: () => deps.flow.resume(partition),
  });
  const running = run({ ...deps, onWait, log, partition, buffer, state, signal: abort.signal });
  return {
    enqueue: (records) => buffer.addNew(records),
    done: () => state.done,
    renew: (reason) => buffer.stop({ error: appError('LOG_CHANGED', { reason }) }),
    close() {
      abort.abort();
      return running;
    },
  };
}

interface Run extends PartitionProjectorDeps {
  partition: number;
  buffer: PartitionBuffer;
  state: { done: bigint | null };
  signal: AbortSignal;
}

async function run(projector: Run): Promise<void> {
  const { signal, log, metrics, buffer, state } = projector;
  buffer.stop();
  for (let attempt = 1; !signal.aborted; attempt++) {
    const before = state.done;
    try {
      await membership(projector);
      await claimAndFollow(projector);
    } catch (error) {
      if (signal.aborted) return;
      buffer.stop();
      if (state.done !== before) attempt = 1;
      projector.onWait(projector.partition, errorMessage(error));
      const level = classify(error) === 'retry' ? 'warn' : 'error';
      log[level]({ err: error, attempt }, `states wait: ${errorMessage(error)}`);
      metrics.inc('projector_claims_total', { result: 'lost' });
      await sleep(claimBackoff(attempt), signal).catch(() => undefined);
    }
  }
}

/** Waits until this process is a member of the group. Otherwise it could fence the owner of the partition. */
async function membership({ isMember, signal }: Run): Promise<void> {
  while (!isMember()) await sleep(membershipPollMs, signal);
}

/** Claims the partition and writes states. Resolves when this projector is closed. Rejects with the first error. */
async function claimAndFollow(projector: Run): Promise<void> {
  const { settings, partition, buffer, flow, log, metrics, signal, state } = projector;
  const decoder = createOutcomeDecoder(projector);
  const writer = await openFencedWriter({
    settings,
    name: writerName(partition),
    topic: STATE,
    partition,
  });
  try {
    const ids = await fetchLogIds(settings);
    const found = await findPosition(snapshotDeps(projector), partition, ids, signal);
    // The partition may have a new projector by now. This projector must not change its pauses and seeks.
    if (signal.aborted) return;
    let { position } = found;
    metrics.inc('projector_claims_total', { result: 'taken' });
    // If there are records to read, the first batch shows whether states advance.
    if (found.isAtEnd) projector.onWait(partition, null);
    const details = { covers: position.covers, eventsOffset: String(position.eventsOffset) };
    log.info(details, 'the projector advances the snapshot');
    if (found.changed !== null) {
      metrics.inc('projector_logs_changed_total', { reason: found.changed });
      log.error(details, `the outcome topic changed after the position was stored (${found.changed})`);
    }
    flow.resume(partition, position.eventsOffset);
    buffer.startAt(position.eventsOffset);
    state.done = position.eventsOffset;
    let canLookAgain = !found.isFromLow;
    const spans = createSpans(buffer, signal);
    for (;;) {
      await spans.due();
      if (signal.aborted) return;
      const records = buffer.take(spanRecordsMax);
      spans.took(records.length);
      const startedMs = performance.now();
      const projection = project(position, await decodeAll(projector, decoder, records));
      if (projection.holes.length > 0 && canLookAgain) {
        // If the log was truncated and filled again, the missing outcomes are before the position.
        canLookAgain = false;
        metrics.inc('projector_logs_changed_total', { reason: 'hole' });
        log.warn(
          projection.holes[0]!,
          'outcomes are missing; the projector searches the log from its beginning',
        );
        const { low } = (await projector.admin.endOffsets(EVENTS)).get(partition) ?? { low: 0n };
        if (signal.aborted) return;
        position = { ...position, eventsOffset: low };
        flow.resume(partition, low);
        buffer.startAt(low);
        continue;
      }
      tell(projector, projection, records.length);
      await writeBatch(projector, writer, { from: position, projection, ids, startedMs });
      projector.onWait(partition, null);
      ({ position } = projection);
      state.done = position.eventsOffset;
    }
  } finally {
    await writer.close();
  }
}

function snapshotDeps(projector: Run): SnapshotDeps {
  const onWait = (reason: string): void => projector.onWait(projector.partition, reason);
  return {
    settings: projector.settings,
    admin: projector.admin,
    codec: projector.states,
    onWait,
    log: projector.log,
  };
}

interface Batch {
  from: Position;
  projection: Projection;
  ids: LogIds;
  startedMs: number;
}

async function writeBatch(
  projector: Run,
  writer: FencedWriter,
  { from, projection, ids, startedMs }: Batch,
): Promise<void> {
  const { metrics, partition, states: codec } = projector;
  const { position } = projection;
  // A batch of repeats needs no marker. Without one, the next claim just reads and drops these repeats again.
  if (position.covers === from.covers) return;
  const states = await statesOf(projector, projection);
  await writer.append(messagesOf(codec, states, markerOf(partition, position, projection.atMs), ids));
  metrics.inc('projector_states_total', {}, states.length);
  metrics.observe('projector_batch_seconds', (performance.now() - startedMs) / 1000);
}

async function decodeAll(
  { metrics, log, signal }: Run,
  decoder: RecordDecoder<OrderEvent>,
  records: readonly InRecord[],
): Promise<ReadEvent[]> {
  const decoded = await decoder.decode(records, signal);
  return decoded.map(({ record: { offset }, value: event }) => {
    if (event === null) {
      metrics.inc('projector_events_total', { result: 'undecodable' });
      log.error({ offset: String(offset) }, 'the projector cannot decode an outcome; the snapshot lacks it');
    }
    return { offset, event };
  });
}

async function statesOf({ pool, log }: Run, { drafts }: Projection): Promise<OrderState[]> {
  const older = [...drafts.values()].filter(({ origin }) => origin === null).map(({ orderId }) => orderId);
  const origins = await readOrigins(pool, older);
  return [...drafts.values()].map((draft) => {
    const origin = draft.origin ?? origins.get(draft.orderId);
    if (origin === undefined) log.warn({ version: draft.event.version }, 'a changed order has no row');
    return stateOf(draft, origin ?? { terms: null, createdAt: null, reason: null });
  });
}

function tell({ log, metrics }: Run, { repeats, holes, drafts, position }: Projection, read: number): void {
  metrics.inc('projector_events_total', { result: 'covered' }, read - repeats);
  metrics.inc('projector_events_total', { result: 'repeat' }, repeats);
  log.debug({ read, repeats, orders: drafts.size, covers: position.covers }, 'the projector read a batch');
  for (const hole of holes) {
    metrics.inc('projector_events_total', { result: 'hole' });
    log.error(hole, 'outcomes are missing; the snapshot has a gap');
  }
}
