/**
 * One partition on its way from outcomes to states.
 *
 *   waiting ──► claiming ──► following ──(trouble)──► waiting
 *      └───────────┴─────────────┴──(close)──► closed
 *
 * claiming: shuts out whoever wrote this partition before, then reads from the states themselves how far they reach.
 * following: writes states and marker batch by batch, each in one transaction. After any failure it is unknown whether
 * the last batch stands, so the lane begins anew by claiming; it keeps nothing that it could be wrong about. That is so for every
 * failure, also of the program: a new process would begin in the same way, and stop the partitions that are well.
 */
import type { OrderEvent, OrderState } from '../../schemas/index.ts';
import { EVENTS, STATE } from '../../topics/index.ts';
import type { Codec } from '../shared/codec/index.ts';
import { appError, classify, errorMessage } from '../shared/errors/index.ts';
import {
  type FencedWriter,
  headerOf,
  type InRecord,
  type KafkaAdmin,
  type KafkaSettings,
  openFencedWriter,
} from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import type { Queryable } from '../shared/mysql/index.ts';
import { backoff, sleep } from '../shared/retry/index.ts';
import { decodeRecord } from './decode.ts';
import { fetchLogIds, type LogIds } from './logs.ts';
import { readOrigins } from './origins.ts';
import { markerOf, type Position, type Projection, project, type ReadEvent, stateOf } from './projection.ts';
import { createRecordQueue, type RecordQueue } from './record-queue.ts';
import { findPosition, messagesOf, type SnapshotDeps } from './snapshot.ts';

/** Outcomes of one transaction at most; load decides how many there are. */
const batchRecordsMax = 1_000;
const claimBackoff = backoff({ initialMs: 200, maxMs: 5_000 });
/** How often a lane that may not claim looks again. */
const membershipPollMs = 100;
const writerName = (partition: number): string => `orders-projector-${partition}`;

export interface LaneDeps {
  settings: KafkaSettings;
  admin: Pick<KafkaAdmin, 'endOffsets'>;
  events: Codec<OrderEvent>;
  states: Codec<OrderState>;
  pool: Queryable;
  flow: { pause(partition: number): void; resume(partition: number, from?: bigint): void };
  /** Whether this process is a member of the group at the moment. */
  isMember(): boolean;
  log: Logger;
  metrics: Metrics;
  /** Told why the states do not go on, and null when they do. */
  onWait(partition: number, reason: string | null): void;
}

export interface Lane {
  enqueue(records: readonly InRecord[]): void;
  /** Offset of the outcomes up to which states are committed; null until it is known. */
  done(): bigint | null;
  /** Begins anew by claiming: the log is not the one that was read, or the position is not in it. */
  renew(reason: string): void;
  /** Ends the lane, after the transaction in hand. Calls share one promise. */
  close(): Promise<void>;
}

export function openLane(deps: LaneDeps, partition: number): Lane {
  const abort = new AbortController();
  const state = { done: null as bigint | null };
  const log = deps.log.child({ partition });
  let isWaiting = false;
  const onWait: LaneDeps['onWait'] = (_partition, reason) => {
    // The partition may have another lane by now, which speaks for itself.
    if (abort.signal.aborted || (reason === null && !isWaiting)) return;
    isWaiting = reason !== null;
    deps.onWait(partition, reason);
  };
  const queue = createRecordQueue({
    pause: () => deps.flow.pause(partition),
    resume: () => deps.flow.resume(partition),
  });
  const running = run({ ...deps, onWait, log, partition, queue, state, signal: abort.signal });
  return {
    enqueue: (records) => queue.add(records),
    done: () => state.done,
    renew: (reason) => queue.fail(appError('LOG_CHANGED', { reason })),
    close() {
      abort.abort();
      return running;
    },
  };
}

interface Run extends LaneDeps {
  partition: number;
  queue: RecordQueue;
  state: { done: bigint | null };
  signal: AbortSignal;
}

async function run(lane: Run): Promise<void> {
  const { signal, log, metrics, queue, state } = lane;
  queue.end();
  for (let attempt = 1; !signal.aborted; attempt++) {
    const before = state.done;
    try {
      await membership(lane);
      await claimAndFollow(lane);
    } catch (error) {
      if (signal.aborted) return;
      queue.end();
      if (state.done !== before) attempt = 1;
      lane.onWait(lane.partition, errorMessage(error));
      const level = classify(error) === 'retry' ? 'warn' : 'error';
      log[level]({ err: error, attempt }, `states wait: ${errorMessage(error)}`);
      metrics.inc('projector_claims_total', { result: 'lost' });
      await sleep(claimBackoff(attempt), signal).catch(() => undefined);
    }
  }
}

/** A process that does not know whether the partition is its own must not shut out the one that does. */
async function membership({ isMember, signal }: Run): Promise<void> {
  while (!isMember()) await sleep(membershipPollMs, signal);
}

/** Resolves when the lane is closed; rejects with the first trouble. */
async function claimAndFollow(lane: Run): Promise<void> {
  const { settings, partition, queue, flow, log, metrics, signal, state } = lane;
  const writer = await openFencedWriter({
    settings,
    name: writerName(partition),
    topic: STATE,
    partition,
    log,
  });
  try {
    const ids = await fetchLogIds(settings);
    const found = await findPosition(snapshotDeps(lane), partition, ids, signal);
    // The partition may have a new lane by now, whose pauses and seeks are not to be touched.
    if (signal.aborted) return;
    let { position } = found;
    metrics.inc('projector_claims_total', { result: 'taken' });
    // Where there is something to read, it shows first whether the states go on.
    if (found.isAtEnd) lane.onWait(partition, null);
    const details = { covers: position.covers, eventsOffset: String(position.eventsOffset) };
    log.info(details, 'states go on');
    if (found.changed !== null) {
      metrics.inc('projector_logs_changed_total', { reason: found.changed });
      log.error(details, `the result topic changed since the position was stored (${found.changed})`);
    }
    flow.resume(partition, position.eventsOffset);
    queue.begin(position.eventsOffset);
    state.done = position.eventsOffset;
    let canLookAgain = !found.isFromLow;
    for (;;) {
      const records = await queue.take(batchRecordsMax, signal);
      if (records.length === 0) return;
      const startedMs = performance.now();
      const projection = project(position, await decodeAll(lane, records));
      if (projection.holes.length > 0 && canLookAgain) {
        // A log that was truncated and filled again has the missing outcomes before the position.
        canLookAgain = false;
        metrics.inc('projector_logs_changed_total', { reason: 'hole' });
        log.warn(projection.holes[0]!, 'outcomes are missing; the log is searched from its beginning');
        const { low } = (await lane.admin.endOffsets(EVENTS)).get(partition) ?? { low: 0n };
        if (signal.aborted) return;
        position = { ...position, eventsOffset: low };
        flow.resume(partition, low);
        queue.begin(low);
        continue;
      }
      tell(lane, projection, records.length);
      await writeBatch(lane, writer, { from: position, projection, ids, startedMs });
      lane.onWait(partition, null);
      ({ position } = projection);
      state.done = position.eventsOffset;
    }
  } finally {
    await writer.close();
  }
}

function snapshotDeps(lane: Run): SnapshotDeps {
  const onWait = (reason: string): void => lane.onWait(lane.partition, reason);
  return { settings: lane.settings, admin: lane.admin, codec: lane.states, onWait, log: lane.log };
}

interface Batch {
  from: Position;
  projection: Projection;
  ids: LogIds;
  startedMs: number;
}

async function writeBatch(
  lane: Run,
  writer: FencedWriter,
  { from, projection, ids, startedMs }: Batch,
): Promise<void> {
  const { metrics, partition, states: codec } = lane;
  const { position } = projection;
  // Repeats alone say nothing new; the next claim would read them again and drop them again.
  if (position.covers === from.covers) return;
  const states = await statesOf(lane, projection);
  await writer.append(messagesOf(codec, states, markerOf(partition, position, projection.atMs), ids));
  metrics.inc('projector_states_total', {}, states.length);
  metrics.observe('projector_batch_seconds', (performance.now() - startedMs) / 1000);
}

async function decodeAll(lane: Run, records: readonly InRecord[]): Promise<ReadEvent[]> {
  const events: ReadEvent[] = [];
  const onWait = (reason: string): void => lane.onWait(lane.partition, reason);
  const deps = { codec: lane.events, isProven: isOutcomeOf, isOurs, onWait, log: lane.log };
  for (const record of records) {
    const event = await decodeRecord(deps, record, lane.signal);
    events.push({ offset: record.offset, event });
    if (event !== null) continue;
    lane.metrics.inc('projector_events_total', { result: 'undecodable' });
    lane.log.error({ offset: String(record.offset) }, 'an outcome cannot be decoded; the snapshot lacks it');
  }
  return events;
}

/** The outcome says the same of itself as its record does. */
function isOutcomeOf({ eventId, sourcePartition, sourceOffset }: OrderEvent, record: InRecord): boolean {
  return (
    sourcePartition === record.partition &&
    eventId === `${sourcePartition}-${sourceOffset}` &&
    String(headerOf(record, 'ce_id')) === eventId
  );
}

/** Only workers write outcomes with such an id. */
function isOurs(record: InRecord): boolean {
  return new RegExp(`^${record.partition}-\\d+$`).test(String(headerOf(record, 'ce_id') ?? ''));
}

async function statesOf({ pool, log }: Run, { drafts }: Projection): Promise<OrderState[]> {
  const older = [...drafts.values()].filter(({ origin }) => origin === null).map(({ orderId }) => orderId);
  const origins = await readOrigins(pool, older);
  return [...drafts.values()].map((draft) => {
    const origin = draft.origin ?? origins.get(draft.orderId);
    if (origin === undefined) log.warn({ version: draft.event.version }, 'a changed order has no row');
    return stateOf(draft, origin ?? { terms: null, createdAt: null });
  });
}

function tell({ log, metrics }: Run, { repeats, holes, drafts, position }: Projection, read: number): void {
  metrics.inc('projector_events_total', { result: 'covered' }, read - repeats);
  metrics.inc('projector_events_total', { result: 'repeat' }, repeats);
  log.debug({ read, repeats, orders: drafts.size, covers: position.covers }, 'batch');
  for (const hole of holes) {
    metrics.inc('projector_events_total', { result: 'hole' });
    log.error(hole, 'outcomes are missing: the snapshot has a gap');
  }
}
