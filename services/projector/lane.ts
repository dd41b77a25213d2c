/**
 * One partition on its way from outcomes to states.
 *
 *   waiting ──► claiming ──► following ──(trouble)──► waiting
 *      └───────────┴─────────────┴──(close)──► closed
 *
 * claiming: shuts out whoever wrote this partition before, then reads from the states themselves how far they reach.
 * following: writes states and marker batch by batch, each in one transaction. After any failure it is unknown whether
 * the last batch stands, so the lane begins anew by claiming; it keeps nothing that it could be wrong about.
 */
import type { OrderEvent, OrderState } from '../../schemas/index.ts';
import { STATE } from '../../topics/index.ts';
import type { Codec } from '../shared/codec/index.ts';
import { classify, errorMessage } from '../shared/errors/index.ts';
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
import { decodeRecord } from './decode.ts';
import { readOrigins } from './origins.ts';
import { markerOf, type Position, type Projection, project, type ReadEvent, stateOf } from './projection.ts';
import { createRecordQueue, type RecordQueue } from './record-queue.ts';
import { findPosition, messagesOf } from './snapshot.ts';

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
  /** Ends the process: trouble that waiting does not mend. */
  fatal(error: unknown): void;
}

export interface Lane {
  enqueue(records: readonly InRecord[]): void;
  /** Offset of the outcomes up to which states are committed; null until it is known. */
  done(): bigint | null;
  /** Ends the lane, after the transaction in hand. Calls share one promise. */
  close(): Promise<void>;
}

export function openLane(deps: LaneDeps, partition: number): Lane {
  const abort = new AbortController();
  const state = { done: null as bigint | null };
  const log = deps.log.child({ partition });
  const queue = createRecordQueue({
    pause: () => deps.flow.pause(partition),
    resume: () => deps.flow.resume(partition),
  });
  const running = run({ ...deps, log, partition, queue, state, signal: abort.signal });
  return {
    enqueue: (records) => queue.add(records),
    done: () => state.done,
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
      if (classify(error) !== 'retry') return lane.fatal(error);
      queue.end();
      if (state.done !== before) attempt = 1;
      log.warn({ err: error, attempt }, `states wait: ${errorMessage(error)}`);
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
    let position = await findPosition({ ...lane, codec: lane.states }, partition, signal);
    // The partition may have a new lane by now, whose pauses and seeks are not to be touched.
    if (signal.aborted) return;
    metrics.inc('projector_claims_total', { result: 'taken' });
    log.info({ covers: position.covers, eventsOffset: String(position.eventsOffset) }, 'states go on');
    flow.resume(partition, position.eventsOffset);
    queue.begin(position.eventsOffset);
    state.done = position.eventsOffset;
    for (;;) {
      const records = await queue.take(batchRecordsMax, signal);
      if (records.length === 0) return;
      position = await writeBatch(lane, writer, position, records);
      state.done = position.eventsOffset;
    }
  } finally {
    await writer.close();
  }
}

async function writeBatch(
  lane: Run,
  writer: FencedWriter,
  from: Position,
  records: readonly InRecord[],
): Promise<Position> {
  const { metrics, partition, states: codec } = lane;
  const startedMs = performance.now();
  const projection = project(from, await decodeAll(lane, records));
  tell(lane, projection, records.length);
  const { position } = projection;
  // Repeats alone say nothing new; the next claim would read them again and drop them again.
  if (position.covers === from.covers) return position;
  const states = await statesOf(lane, projection);
  await writer.append(messagesOf(codec, states, markerOf(partition, position, projection.atMs)));
  metrics.inc('projector_states_total', {}, states.length);
  metrics.observe('projector_batch_seconds', (performance.now() - startedMs) / 1000);
  return position;
}

async function decodeAll(lane: Run, records: readonly InRecord[]): Promise<ReadEvent[]> {
  const events: ReadEvent[] = [];
  for (const record of records) {
    const event = await decodeRecord({ codec: lane.events, log: lane.log }, record, lane.signal);
    events.push({ offset: record.offset, event });
    if (event !== null) continue;
    lane.metrics.inc('projector_events_total', { result: 'undecodable' });
    lane.log.error({ offset: String(record.offset) }, 'an outcome cannot be decoded; the states miss it');
  }
  return events;
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
    log.error(hole, 'outcomes are missing: the states do not cover what lies between');
  }
}
