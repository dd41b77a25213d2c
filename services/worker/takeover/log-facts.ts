/** Reads the facts about lanes from the logs, for several lanes at once. */
import { EVENTS } from '../../../topics/catalogue.ts';
import { appError } from '../../shared/errors/index.ts';
import {
  type KafkaAdmin,
  type KafkaSettings,
  type LogProbe,
  readCommittedRange,
} from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import { sleep } from '../../shared/retry/index.ts';
import {
  isFingerprint,
  type LaneLogIds,
  markOf,
  type OutcomeMark,
  positionOf,
  type RecordMark,
  sourceOffsetOf,
} from './log-fingerprint.ts';
import type { LaneFacts, OffsetRange } from './position-problem.ts';

export interface LogFactsDeps {
  readonly topic: string;
  readonly groupId: string;
  readonly settings: KafkaSettings;
  /** The admin for the command topic and the group. */
  readonly admin: KafkaAdmin;
  /**
   * The admin for the outcome topic only. If a topic that an admin has used is missing, all requests of that admin
   * fail.
   */
  readonly eventsAdmin: KafkaAdmin;
  readonly probe: LogProbe;
  readonly log: Logger;
}

/** The state of the logs. It must be read before the positions, because later reads can only be ahead. */
export interface LogState {
  readonly ids: LaneLogIds;
  readonly commands: ReadonlyMap<number, OffsetRange>;
  readonly events: ReadonlyMap<number, OffsetRange>;
  readonly groupOffsets: ReadonlyMap<number, bigint | null>;
  /** Source offset of the last event of each lane that has events. */
  readonly lastSources: ReadonlyMap<number, number>;
}

/** The row of one lane in `lane_positions`. */
export interface LaneRecordOf {
  readonly partition: number;
  readonly nextOffset: number;
  readonly publishedOffset: number;
  readonly logs: LaneLogIds;
  readonly record: RecordMark;
  readonly outcome: OutcomeMark;
  readonly outboxEnd: number;
}

/** Maximum number of reads of a missing record. A new leader may serve the end of its log with a delay. */
const readsMax = 4;
const readEveryMs = 250;
/** Maximum number of late repeats from an earlier worker, with a margin. A lane has four batches of 500 in flight. */
const repeatsMax = 4_000;

/** The state of the logs of these lanes. Throws KAFKA_UNAVAILABLE, also if the outcome topic is missing. */
export async function readLogs(deps: LogFactsDeps, partitions: readonly number[]): Promise<LogState> {
  const logs = await readLogsThere(deps, partitions);
  if (logs.ids.events === '') throw appError('KAFKA_UNAVAILABLE', { reason: `the topic ${EVENTS} is gone` });
  return logs;
}

/** The state of the logs of these lanes. A missing outcome topic counts as a topic without outcomes. */
export async function readLogsThere(deps: LogFactsDeps, partitions: readonly number[]): Promise<LogState> {
  const { admin, probe, topic, groupId } = deps;
  const ids = await readIds(probe, topic);
  const [commands, events, groupOffsets] = await Promise.all([
    readRanges(admin, topic),
    readEventRanges(deps, ids),
    admin.groupOffsets(groupId, topic),
  ]);
  return {
    ids,
    commands,
    events,
    groupOffsets,
    lastSources: await readLastSources(probe, events, partitions),
  };
}

/** The ids of the cluster and of both logs; '' for a missing topic. Throws KAFKA_UNAVAILABLE. */
export async function readIds(probe: LogProbe, topic: string): Promise<LaneLogIds> {
  const { clusterId, topicIds } = await probe.identify([topic, EVENTS]);
  return { clusterId, commands: topicIds.get(topic) ?? '', events: topicIds.get(EVENTS) ?? '' };
}

/** Ranges of the outcome topic; no ranges while it is missing. */
export async function readEventRanges(
  { eventsAdmin }: LogFactsDeps,
  ids: LaneLogIds,
): Promise<ReadonlyMap<number, OffsetRange>> {
  return ids.events === '' ? new Map() : readRanges(eventsAdmin, EVENTS);
}

/** First offset and end of each partition. Throws KAFKA_UNAVAILABLE. */
export async function readRanges(admin: KafkaAdmin, topic: string): Promise<Map<number, OffsetRange>> {
  const ends = await admin.endOffsets(topic);
  return new Map(
    [...ends].map(([partition, { low, high }]) => [partition, { low: Number(low), high: Number(high) }]),
  );
}

/** Source offset of the newest event, for each of these lanes that has events. */
async function readLastSources(
  probe: LogProbe,
  events: ReadonlyMap<number, OffsetRange>,
  partitions: readonly number[],
): Promise<Map<number, number>> {
  const places = partitions.flatMap((partition) => {
    const { low, high } = events.get(partition) ?? { low: 0, high: 0 };
    return high > low ? [{ topic: EVENTS, partition, offset: BigInt(high - 1) }] : [];
  });
  const sources = new Map<number, number>();
  const records = await probe.recordsAt(places);
  for (const [index, { partition }] of places.entries()) {
    const record = records[index] ?? null;
    const source = record === null ? null : sourceOffsetOf(record);
    if (source !== null) sources.set(partition, source);
  }
  return sources;
}

/** Compares the rows of lanes with the logs. Reads ends and marks that do not fit again before it decides. */
export async function factsOf(
  deps: LogFactsDeps,
  rows: readonly LaneRecordOf[],
  logs: LogState,
): Promise<Map<number, LaneFacts>> {
  let commands = logs.commands;
  for (let read = 0; read < readsMax && rows.some((row) => isBeyond(row, commands)); read++) {
    if (read > 0) await sleep(readEveryMs);
    commands = await readRanges(deps.admin, deps.topic);
  }
  const records = await findMarked(
    deps,
    rows.map(({ partition, record }) => ({
      topic: deps.topic,
      partition,
      offset: isFingerprint(record) ? record.offset : -1,
    })),
    commands,
  );
  const outcomes = await findMarked(
    deps,
    rows.map(({ partition, outcome }) => ({ topic: EVENTS, partition, offset: outcome.offset })),
    logs.events,
  );
  const facts = new Map<number, LaneFacts>();
  for (const [index, row] of rows.entries()) {
    const { partition, nextOffset, publishedOffset, logs: stored, outcome: outcomeMark } = row;
    const committed = logs.groupOffsets.get(partition) ?? null;
    const record = records[index]!;
    const outcome = outcomes[index]!;
    const known: Omit<LaneFacts, 'highestSource'> = {
      partition,
      nextOffset,
      publishedOffset,
      commands: commands.get(partition) ?? { low: 0, high: 0 },
      events: logs.events.get(partition) ?? { low: 0, high: 0 },
      groupOffset: committed === null ? null : Number(committed),
      lastSource: logs.lastSources.get(partition) ?? null,
      stored,
      found: logs.ids,
      record:
        typeof record === 'string'
          ? recordVerdict[record]
          : markOf(record).id === row.record.id
            ? 'same'
            : 'other',
      markedNext: positionOf(row.record),
      outboxEnd: row.outboxEnd,
      outcomeMark,
      outcome:
        typeof outcome === 'string'
          ? outcomeVerdict[outcome]
          : sourceOffsetOf(outcome) === outcomeMark.source
            ? 'same'
            : 'gone',
    };
    facts.set(partition, { ...known, highestSource: await highestSource(deps, known) });
  }
  return facts;
}

const recordVerdict = { unmarked: 'unknown', deleted: 'unknown', missing: 'other' } as const;
const outcomeVerdict = { unmarked: 'unknown', deleted: 'unknown', missing: 'gone' } as const;

function isBeyond(
  { partition, nextOffset }: LaneRecordOf,
  ranges: ReadonlyMap<number, OffsetRange>,
): boolean {
  return nextOffset > (ranges.get(partition)?.high ?? 0);
}

type Marked = Exclude<Awaited<ReturnType<LogProbe['recordsAt']>>[number], null> | keyof typeof recordVerdict;

/** The record at each place, or the reason why there is none. */
async function findMarked(
  { admin, eventsAdmin, probe }: LogFactsDeps,
  places: readonly { topic: string; partition: number; offset: number }[],
  ranges: ReadonlyMap<number, OffsetRange>,
): Promise<Marked[]> {
  const found: Marked[] = places.map(({ partition, offset }) => {
    if (offset < 0) return 'unmarked';
    return offset < (ranges.get(partition)?.low ?? 0) ? 'deleted' : 'missing';
  });
  for (let read = 0; read < readsMax; read++) {
    const wanted = places.flatMap((place, index) =>
      found[index] === 'missing' ? [{ ...place, index }] : [],
    );
    if (wanted.length === 0) break;
    if (read > 0) await sleep(readEveryMs);
    const records = await probe.recordsAt(
      wanted.map(({ offset, ...place }) => ({ ...place, offset: BigInt(offset) })),
    );
    for (const [at, { index }] of wanted.entries()) found[index] = records[at] ?? 'missing';
  }
  return found.includes('missing')
    ? withoutDeleted(places[0]!.topic === EVENTS ? eventsAdmin : admin, places, found)
    : found;
}

/** Retention may have deleted records since the ranges were read. */
async function withoutDeleted(
  admin: KafkaAdmin,
  places: readonly { topic: string; partition: number; offset: number }[],
  found: readonly Marked[],
): Promise<Marked[]> {
  const ranges = await readRanges(admin, places[0]!.topic);
  return found.map((each, index) => {
    const { partition, offset } = places[index]!;
    return each === 'missing' && offset < (ranges.get(partition)?.low ?? 0) ? 'deleted' : each;
  });
}

/**
 * The highest source offset near the end of the outcome topic. Without a mark the newest outcome proves nothing,
 * because it may be a late repeat. Then the last records are read.
 */
async function highestSource(
  { settings, log }: LogFactsDeps,
  { partition, events, lastSource, publishedOffset, outcome }: Omit<LaneFacts, 'highestSource'>,
): Promise<number | null> {
  if (outcome !== 'unknown' || lastSource === null || lastSource >= publishedOffset - 1) return lastSource;
  const from = BigInt(Math.max(events.low, events.high - repeatsMax));
  const records = await readCommittedRange({
    settings,
    topic: EVENTS,
    partition,
    from,
    to: BigInt(events.high),
    log,
  });
  return records.reduce((highest, record) => Math.max(highest, sourceOffsetOf(record) ?? -1), lastSource);
}
