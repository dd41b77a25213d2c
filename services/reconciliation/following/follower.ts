/**
 * Processes commands, outcomes and dead letters in order per partition. It updates the matchers (offsets with an
 * outcome), the recent outcomes (expected rows) and the index of dead letters. It compares outcomes with their rows
 * at once. It remembers outcomes whose row looks wrong for the next rounds.
 */

import { crc32 } from 'node:zlib';
import type { OrderEvent, OrderState } from '../../../schemas/index.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, STATE } from '../../../topics/index.ts';
import type { RecordDecoder } from '../../shared/consuming/index.ts';
import type { InRecord, TopicPartitionOffset } from '../../shared/kafka/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import { type RowState, readNewOrders, readOrders } from '../checks/order-rows.ts';
import { compareRow } from '../checks/orders.ts';
import { inChunks } from '../checks/pace.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import { createLasting, type Lasting } from '../findings/lasting.ts';
import type { Ledger } from '../matching/outcome-matcher.ts';
import { type ExpectedOrder, expectedOf, isOrderState, type Memory } from '../matching/recent-outcomes.ts';
import type { StateBook } from '../matching/snapshot-index.ts';
import type { DeadLetterIndex } from './dead-letter-index.ts';
import { writeNote } from './position-note.ts';

/** Rows that one query compares. */
const chunkOrders = 500;
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
  /** Start offsets, for every topic and partition. */
  starts: readonly TopicPartitionOffset[];
  /** Ids of the followed topics, for the notes that are stored with the offsets. Absent for a run on demand. */
  topicIds?: ReadonlyMap<string, string>;
  /** Whether an outcome is compared with its row. By default all outcomes are compared. */
  isWanted?(event: OrderEvent): boolean;
  metrics: Metrics;
}

export interface Follower {
  /**
   * Processes records of one partition. Throws the error of the database. In this case nothing has changed, and the
   * caller may retry.
   */
  follow(topic: string, partition: number, records: readonly InRecord[], signal: AbortSignal): Promise<void>;
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

export function createFollower(deps: FollowerDeps): Follower {
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
    async follow(topic, partition, records, signal) {
      const from = position(topic, partition);
      const fresh = records.filter((record) => record.offset >= from);
      const last = fresh.at(-1);
      if (last === undefined) return;
      if (topic === EVENTS) await followEvents(deps, partition, fresh, lasting, signal);
      else if (topic === COMMANDS) followCommands(ledgers.get(partition), fresh);
      else if (topic === DEAD_LETTERS) for (const record of fresh) deps.deadLetters.note(record);
      else if (topic === STATE) await followStates(deps, partition, fresh, signal);
      next.set(`${topic}/${partition}`, last.offset + 1n);
      if (topic === EVENTS) lastOutcome.set(partition, crc32(last.value ?? ''));
      if (isWhole(ledgers.get(partition), position(COMMANDS, partition))) {
        const lastHash = lastOutcome.get(partition) ?? null;
        safeEvents.set(partition, { offset: position(EVENTS, partition), lastHash });
      }
      metrics.inc('reconciliation_records_total', { stream: streamOf(topic) }, fresh.length);
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

function followCommands(ledger: Ledger | undefined, records: readonly InRecord[]): void {
  for (const record of records) ledger?.command(Number(record.offset), keyHash(record));
}

async function followEvents(
  deps: FollowerDeps,
  partition: number,
  records: readonly InRecord[],
  lasting: Lasting,
  signal: AbortSignal,
): Promise<void> {
  const { decoder, ledgers, memory, metrics, isWanted = () => true } = deps;
  const decoded = await decoder.decode(records, signal);
  const wanted = decoded.flatMap(({ value }) => (value !== null && isWanted(value) ? [value] : []));
  // Read the rows first, so that a failure changes nothing.
  const compared = await compareOrders(deps, wanted);
  for (const { record, value: event } of decoded) {
    if (event === null) {
      lasting.add(unreadable(record));
      continue;
    }
    // An undecodable command has no order, and its outcome may have no key.
    const key = event.outcome === 'DEAD_LETTERED' ? null : keyHash(record);
    const isFirst = ledgers.get(partition)?.outcome(event.sourceOffset, key, crc32(record.value ?? ''));
    // Once an order is compared, every later outcome counts. Otherwise its row would seem to be ahead.
    if (isFirst !== false && (isWanted(event) || memory.order(event.orderId ?? '') !== undefined))
      memory.note(event);
  }
  for (const { order, isRight } of compared) {
    if (isRight) memory.unwatch(order.orderId);
  }
  const dropped = memory.watch(compared.filter(({ isRight }) => !isRight).map(({ order }) => order));
  if (dropped > 0) metrics.inc('reconciliation_unwatched_total', {}, dropped);
}

async function followStates(
  { stateDecoder, states }: FollowerDeps,
  partition: number,
  records: readonly InRecord[],
  signal: AbortSignal,
): Promise<void> {
  for (const { record, value } of await stateDecoder.decode(records, signal))
    states.note(partition, record.offset, value);
}

/**
 * Only the newest state of each order in the batch must match its row. The first copy of a version counts, whatever
 * a repeat contains.
 */
async function compareOrders(
  { mysql, memory }: FollowerDeps,
  events: readonly OrderEvent[],
): Promise<{ order: ExpectedOrder; isRight: boolean }[]> {
  const newest = new Map<string, ExpectedOrder>();
  for (const event of events) {
    if (!isOrderState(event)) continue;
    const known = newest.get(event.orderId) ?? memory.order(event.orderId);
    if (known !== undefined && known.version >= event.version) continue;
    newest.set(event.orderId, expectedOf(event, known));
  }
  const compared: { order: ExpectedOrder; isRight: boolean }[] = [];
  const { made = [], changed = [] } = Object.groupBy(newest.values(), ({ version }) =>
    version === 1 ? 'made' : 'changed',
  );
  const take = (orders: readonly ExpectedOrder[], rows: ReadonlyMap<string, RowState>): void => {
    for (const order of orders)
      compared.push({ order, isRight: compareRow(order, rows.get(order.orderId)) === null });
  };
  for (const chunk of inChunks(made, chunkOrders)) take(chunk, await readNewOrders(mysql, chunk));
  for (const chunk of inChunks(changed, chunkOrders)) {
    take(
      chunk,
      await readOrders(
        mysql,
        chunk.map((order) => order.orderId),
      ),
    );
  }
  return compared;
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
 * Whether a restart from here loses nothing. Outcomes must not be ahead of a gap or of their commands. Otherwise
 * these commands would wait for outcomes before the start after a restart.
 */
function isWhole(ledger: Ledger | undefined, commandsPosition: bigint): boolean {
  if (ledger === undefined) return true;
  const outcomesEnd = ledger.outcomesEnd();
  return ledger.watermark() >= outcomesEnd && commandsPosition >= BigInt(outcomesEnd);
}

function keyHash(record: InRecord): number {
  return record.key === null ? 0 : crc32(record.key);
}

function streamOf(topic: string): string {
  if (topic === STATE) return 'states';
  return topic === EVENTS ? 'outcomes' : topic === COMMANDS ? 'commands' : 'deadLetters';
}
