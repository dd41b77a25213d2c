/**
 * Processes commands, outcomes and dead letters in order per partition. It updates the matchers (offsets with an
 * outcome), the recent outcomes (expected rows) and the index of dead letters. One query compares the outcomes of
 * all partitions with their rows. It remembers outcomes whose row looks wrong for the next rounds.
 */

import { crc32 } from 'node:zlib';
import type { OrderEvent, OrderState } from '../../../schemas/index.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, STATE } from '../../../topics/index.ts';
import type { RecordDecoder } from '../../shared/consuming/index.ts';
import type { InRecord, TopicPartitionOffset } from '../../shared/kafka/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import { createLasting, type Lasting } from '../findings/lasting.ts';
import type { Ledger } from '../matching/outcome-matcher.ts';
import type { Memory } from '../matching/recent-outcomes.ts';
import type { StateBook } from '../matching/snapshot-index.ts';
import type { DeadLetterIndex } from './dead-letter-index.ts';
import { writeNote } from './position-note.ts';
import { type ComparedOrder, compareAtOnce, type RowComparison } from './row-comparison.ts';

/** How long a check waits for the follower. Then it skips the partitions that are behind. */
const reachMaxMs = 10_000;

export interface FollowerDeps {
  decoder: RecordDecoder<OrderEvent>;
  stateDecoder: RecordDecoder<OrderState>;
  ledgers: ReadonlyMap<number, Ledger>;
  memory: Memory;
  deadLetters: DeadLetterIndex;
  states: StateBook;
  mysql: Queryable;
  /** By default, outcomes are compared with rows as they arrive. */
  rows?: RowComparison;
  /** Start offsets, for every topic and partition. */
  starts: readonly TopicPartitionOffset[];
  /** Ids of the followed topics, for the notes that are stored with the offsets. Absent for a run on demand. */
  topicIds?: ReadonlyMap<string, string>;
  /** Whether an outcome is compared with its row. By default all outcomes are compared. */
  isWanted?(event: OrderEvent): boolean;
  /** Whether memory takes an outcome of an order that it does not know. By default it takes all of them. */
  isRecent?(record: InRecord): boolean;
  metrics: Metrics;
}

export interface Follower {
  /**
   * Processes records of any followed topics and partitions. The records of one partition are in order. Throws the
   * error of the database. In this case nothing has changed, and the caller may retry.
   */
  follow(records: readonly InRecord[], signal: AbortSignal): Promise<void>;
  /** The next offset to process. */
  position(topic: string, partition: number): bigint;
  /** Waits for a limited time until these ends are followed. Returns the partitions that reached them. */
  reached(
    topic: string,
    ends: ReadonlyMap<number, bigint>,
    signal: AbortSignal,
  ): Promise<ReadonlySet<number>>;
  /** Offsets from which following could restart without loss. */
  safeOffsets(): TopicPartitionOffset[];
  /** Differences that stay in the log. They are found only once. */
  lasting: Lasting;
  /** Number of commands without an outcome so far. */
  unanswered(): number;
}

export function createFollower(options: FollowerDeps): Follower {
  const deps: Deps = { ...options, rows: options.rows ?? compareAtOnce(options.mysql, options.memory) };
  const { ledgers, metrics } = deps;
  const next = new Map(deps.starts.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  const startOf = new Map(deps.starts.map((start) => [`${start.topic}/${start.partition}`, start]));
  const safeEvents = new Map<number, { offset: bigint; lastHash: number | null }>(
    deps.starts
      .filter(({ topic }) => topic === EVENTS)
      .map(({ partition, offset }) => [partition, { offset, lastHash: null }]),
  );
  const lastOutcome = new Map<number, number>();
  const lasting = createLasting();
  let bell = Promise.withResolvers<void>();

  const position = (topic: string, partition: number): bigint => next.get(`${topic}/${partition}`) ?? 0n;
  const isThere = (topic: string, ends: ReadonlyMap<number, bigint>): Set<number> =>
    new Set(
      [...ends]
        .filter(([partition, end]) => position(topic, partition) >= end)
        .map(([partition]) => partition),
    );

  return {
    position,
    async follow(records, signal) {
      const batches = newBatches(records, position);
      if (batches.length === 0) return;
      // All steps that may fail come first, so that a failure changes nothing.
      const read = await readBatches(deps, batches, signal);
      for (const batch of read.batches) {
        applyBatch(deps, batch, lasting);
        const { topic, partition, records: own } = batch;
        const last = own.at(-1)!;
        next.set(`${topic}/${partition}`, last.offset + 1n);
        if (topic === EVENTS) lastOutcome.set(partition, crc32(last.value ?? ''));
        if (isWhole(ledgers.get(partition), position(COMMANDS, partition))) {
          const lastHash = lastOutcome.get(partition) ?? null;
          safeEvents.set(partition, { offset: position(EVENTS, partition), lastHash });
        }
        metrics.inc('reconciliation_records_total', { stream: streamOf(topic) }, own.length);
      }
      watchWrong(deps, read.compared);
      bell.resolve();
      bell = Promise.withResolvers<void>();
    },

    async reached(topic, ends, signal) {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(reachMaxMs)]);
      const late = new Promise<void>((resolve) =>
        deadline.addEventListener('abort', () => resolve(), { once: true }),
      );
      while (!deadline.aborted) {
        const there = isThere(topic, ends);
        if (there.size === ends.size) return there;
        await Promise.race([bell.promise, late]);
      }
      return isThere(topic, ends);
    },

    safeOffsets() {
      const noted = (topic: string, partition: number, offset: bigint, lastHash: number | null) => {
        const topicId = deps.topicIds?.get(topic);
        const start = startOf.get(`${topic}/${partition}`);
        // If no record was read since the start, the previous checksum stays valid.
        if (lastHash === null && start?.note && start.offset === offset) return start;
        const note = topicId === undefined ? undefined : writeNote({ topicId, lastHash });
        return { topic, partition, offset, note };
      };
      const commands = [...ledgers].map(([partition, ledger]) => {
        // At most the read position, because an outcome may be followed before its command.
        const offset = Math.min(ledger.watermark(), Number(position(COMMANDS, partition)));
        return noted(COMMANDS, partition, BigInt(offset), ledger.commandKey(offset - 1));
      });
      const events = [...safeEvents].map(([partition, { offset, lastHash }]) =>
        noted(EVENTS, partition, offset, lastHash),
      );
      // A restart needs no earlier states of the snapshot, so nothing is lost.
      const states = [...deps.states.markers().keys()].map((partition) =>
        noted(STATE, partition, position(STATE, partition), null),
      );
      return [...commands, ...events, ...states];
    },

    lasting,
    unanswered: () =>
      ledgers
        .values()
        .reduce((sum, ledger) => sum + Math.max(0, ledger.commandsEnd() - ledger.watermark()), 0),
  };
}

type Deps = FollowerDeps & { readonly rows: RowComparison };

/** New records of one partition, in order. */
interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly records: InRecord[];
}

type Decoded<T> = Awaited<ReturnType<RecordDecoder<T>['decode']>>;

interface ReadBatch extends Batch {
  readonly events: Decoded<OrderEvent>;
  readonly states: Decoded<OrderState>;
}

/** Leaves out repeats. After a rebalance a record may come twice, also within these records. */
function newBatches(records: readonly InRecord[], position: Follower['position']): Batch[] {
  const batches = new Map<string, Batch & { next: bigint }>();
  let batch: (Batch & { next: bigint }) | undefined;
  for (const record of records) {
    const { topic, partition, offset } = record;
    if (batch?.topic !== topic || batch.partition !== partition) {
      const key = `${topic}/${partition}`;
      batch = batches.get(key) ?? { topic, partition, records: [], next: position(topic, partition) };
      batches.set(key, batch);
    }
    if (offset < batch.next) continue;
    batch.records.push(record);
    batch.next = offset + 1n;
  }
  return [...batches.values()].filter(({ records: own }) => own.length > 0);
}

/** Decodes outcomes and states, and compares the outcomes of all partitions with their rows. */
async function readBatches(
  deps: Deps,
  batches: readonly Batch[],
  signal: AbortSignal,
): Promise<{ batches: ReadBatch[]; compared: ComparedOrder[] }> {
  const { decoder, stateDecoder, rows, isWanted = () => true } = deps;
  const read: ReadBatch[] = [];
  for (const batch of batches) {
    const { topic, records } = batch;
    const events = topic === EVENTS ? await decoder.decode(records, signal) : [];
    const states = topic === STATE ? await stateDecoder.decode(records, signal) : [];
    read.push({ ...batch, events, states });
  }
  const wanted = read.flatMap(({ events }) =>
    events.flatMap(({ value }) =>
      value !== null && (isWanted(value) || rows.knows(value.orderId ?? '')) ? [value] : [],
    ),
  );
  return { batches: read, compared: await rows.compare(wanted) };
}

function applyBatch(deps: FollowerDeps, batch: ReadBatch, lasting: Lasting): void {
  const { topic, partition, records, states } = batch;
  if (topic === EVENTS) applyEvents(deps, batch, lasting);
  else if (topic === COMMANDS) {
    const ledger = deps.ledgers.get(partition);
    for (const record of records) ledger?.command(Number(record.offset), keyHash(record));
  } else if (topic === DEAD_LETTERS) for (const record of records) deps.deadLetters.note(record);
  else if (topic === STATE) {
    for (const { record, value } of states) deps.states.note(partition, record.offset, value);
  }
}

function applyEvents(
  { ledgers, memory, isWanted = () => true, isRecent = () => true }: FollowerDeps,
  { partition, events }: ReadBatch,
  lasting: Lasting,
): void {
  for (const { record, value: event } of events) {
    if (event === null) {
      lasting.add(unreadable(record));
      continue;
    }
    // An undecodable command has no order, and its outcome may have no key.
    const key = event.outcome === 'DEAD_LETTERED' ? null : keyHash(record);
    const isFirst = ledgers.get(partition)?.outcome(event.sourceOffset, key, crc32(record.value ?? ''));
    // Once an order is compared, every later outcome counts. Otherwise its row would seem to be ahead.
    const isNew = isRecent(record) && isWanted(event);
    if (isFirst !== false && (isNew || memory.order(event.orderId ?? '') !== undefined)) memory.note(event);
  }
}

function watchWrong({ memory, metrics }: FollowerDeps, compared: readonly ComparedOrder[]): void {
  for (const { order, isRight } of compared) {
    if (isRight) memory.unwatch(order.orderId);
  }
  const dropped = memory.watch(compared.filter(({ isRight }) => !isRight).map(({ order }) => order));
  if (dropped > 0) metrics.inc('reconciliation_unwatched_total', {}, dropped);
}

function unreadable(record: InRecord): Difference {
  return {
    kind: 'OUTCOME_UNREADABLE',
    subject: `${record.partition}-${record.offset}`,
    expected: 'an outcome',
    actual: `${record.value?.length ?? 0} bytes that cannot be decoded`,
  };
}

/**
 * Whether a restart from here loses nothing. Outcomes must not be ahead of a gap or of their commands. Otherwise,
 * after a restart, these commands would wait for outcomes that are before the start.
 */
function isWhole(ledger: Ledger | undefined, commandsPosition: bigint): boolean {
  if (ledger === undefined) return true;
  const outcomesEnd = ledger.outcomesEnd();
  return ledger.watermark() >= outcomesEnd && commandsPosition >= BigInt(outcomesEnd);
}

function keyHash(record: InRecord): number {
  return record.key === null ? 0 : crc32(record.key);
}

function streamOf(topic: string): 'commands' | 'outcomes' | 'deadLetters' | 'states' {
  if (topic === STATE) return 'states';
  return topic === EVENTS ? 'outcomes' : topic === COMMANDS ? 'commands' : 'deadLetters';
}
