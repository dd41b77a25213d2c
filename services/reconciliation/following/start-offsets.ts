/**
 * Finds the offsets at which following begins. These are the offsets of the group if they still fit the logs,
 * otherwise the start of the log.
 */
import { crc32 } from 'node:zlib';
import { COMMANDS, DEAD_LETTERS, EVENTS, GROUPS, PARTITIONS, STATE } from '../../../topics/index.ts';
import type { InRecord, KafkaAdmin, TopicPartitionOffset } from '../../shared/kafka/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import { createLedger, type Ledger } from '../matching/outcome-matcher.ts';
import { readNote } from './position-note.ts';

/** Every followed topic. */
export const followedTopics = [COMMANDS, EVENTS, DEAD_LETTERS, STATE] as const;

export interface Starts {
  offsets: TopicPartitionOffset[];
  ledgers: Map<number, Ledger>;
  /** Partitions whose states are read from their beginning. */
  wholeStates: ReadonlySet<number>;
  /** Differences that show a replaced log. */
  differences: Difference[];
}

export interface StartsDeps {
  admin: Pick<KafkaAdmin, 'groupPositions' | 'endOffsets'>;
  mysql: Queryable;
  /** Id of each followed topic. */
  topicIds: ReadonlyMap<string, string>;
  /** Ids of the topics when this process last followed them. Empty at its first start. */
  lastIds: ReadonlyMap<string, string>;
  /** The record at an existing offset. Null if compaction removed it. */
  readRecord(topic: string, partition: number, offset: bigint): Promise<InRecord | null>;
}

/**
 * The start of the service, which continues at the group offsets. It reads dead letters again each time, because
 * they are few.
 */
export async function startsOfGroup(deps: StartsDeps): Promise<Starts> {
  const ranges = await readRanges(deps.admin);
  const differences: Difference[] = [];
  const offsets = new Map<string, Pick<TopicPartitionOffset, 'offset' | 'note'>>();
  const otherCommands = new Set<number>();
  const positions = new Map<string, Positions>();
  for (const topic of [COMMANDS, EVENTS, STATE])
    positions.set(topic, await deps.admin.groupPositions(GROUPS.reconciliation, topic));
  differences.push(...replacedTopics(deps, positions));
  for (const [topic, committed] of positions) {
    const starts = await Promise.all(
      [...ranges.get(topic)!].map(async ([partition, range]) => {
        const position = committed.get(partition) ?? null;
        return { partition, ...(await startIn({ ...deps, topic, partition }, range, position)) };
      }),
    );
    for (const { partition, offset, difference, isOther } of starts) {
      const position = committed.get(partition);
      const note = position?.offset === offset ? position.note : undefined;
      offsets.set(`${topic}/${partition}`, { offset, note });
      // An operator may recreate the snapshot at any time, so a difference there is no finding.
      if (difference !== null && topic !== STATE) differences.push(difference);
      if (isOther && topic === COMMANDS) otherCommands.add(partition);
    }
  }
  // If commands are read again, their outcomes must be read again too.
  for (const partition of otherCommands)
    offsets.set(`${EVENTS}/${partition}`, { offset: lowOf(ranges, EVENTS, partition) });
  const missing = await knownMissing(deps.mysql);
  const starts = build(
    ranges,
    missing,
    (topic, partition, low) => offsets.get(`${topic}/${partition}`) ?? { offset: low },
  );
  return { ...starts, differences };
}

/** The start of a run on demand, which reads the whole logs. */
export async function startsOfLogs(admin: Pick<KafkaAdmin, 'endOffsets'>): Promise<Starts> {
  const starts = build(await readRanges(admin), new Map(), (_topic, _partition, low) => ({ offset: low }));
  return { ...starts, differences: [] };
}

interface Range {
  low: bigint;
  high: bigint;
}
type Ranges = Map<string, Map<number, Range>>;

async function readRanges(admin: Pick<KafkaAdmin, 'endOffsets'>): Promise<Ranges> {
  const ranges: Ranges = new Map();
  for (const topic of followedTopics) ranges.set(topic, await admin.endOffsets(topic));
  return ranges;
}

type Positions = ReadonlyMap<number, { offset: bigint; note: string }>;

/**
 * Topics that were replaced although no offset shows it, because brokers delete the offsets of a topic with it.
 * Offsets of commands and outcomes are always committed together.
 */
function replacedTopics(
  { topicIds, lastIds }: StartsDeps,
  positions: ReadonlyMap<string, Positions>,
): Difference[] {
  return [COMMANDS, EVENTS].flatMap((topic): Difference[] => {
    const actual = topicIds.get(topic)!;
    const expected = lastIds.get(topic) ?? actual;
    const other = positions.get(topic === COMMANDS ? EVENTS : COMMANDS)!;
    const isForgotten =
      positions.get(topic)!.size === 0 && [...other.values()].some(({ note }) => note !== '');
    if (expected === actual && !isForgotten) return [];
    return [
      {
        kind: 'TOPIC_REPLACED',
        subject: topic,
        expected: isForgotten ? 'an offset of the group' : expected,
        actual,
      },
    ];
  });
}

function lowOf(ranges: Ranges, topic: string, partition: number): bigint {
  return ranges.get(topic)?.get(partition)?.low ?? 0n;
}

interface Start {
  offset: bigint;
  difference: Difference | null;
  /** True if the log was truncated and filled again. It is then read from its beginning. */
  isOther?: true;
}

/**
 * The start offset of one partition. It comes with a difference if the committed offset is from another log or
 * outside of this log.
 */
async function startIn(
  { topic, partition, topicIds, readRecord }: StartsDeps & { topic: string; partition: number },
  { low, high }: Range,
  position: { offset: bigint; note: string } | null,
): Promise<Start> {
  if (position === null) return { offset: low, difference: null };
  const { offset } = position;
  const note = readNote(position.note);
  const topicId = topicIds.get(topic)!;
  if (note !== null && note.topicId !== topicId) {
    return {
      offset: low,
      difference: { kind: 'TOPIC_REPLACED', subject: topic, expected: note.topicId, actual: topicId },
    };
  }
  const gap = (from: bigint, expected: string, actual: string): Start => ({
    offset: from,
    difference: { kind: 'LOG_GAP', subject: `${topic}/${partition}-${offset}`, expected, actual },
  });
  if (offset < low) return gap(low, `records from ${offset} on`, `the log begins at ${low}`);
  if (offset > high) return gap(high, `records up to ${offset}`, `the log ends at ${high}`);
  if (note === null || note.lastHash === null || offset <= low) return { offset, difference: null };
  const last = await readRecord(topic, partition, offset - 1n);
  const actual = last === null ? null : hashOf(last);
  if (actual === null || actual === note.lastHash) return { offset, difference: null };
  const other = gap(low, `record ${offset - 1n} with checksum ${note.lastHash}`, `checksum ${actual}`);
  return { ...other, isOther: true };
}

/** The same checksum as in the follower: of the key of a command, or of the value of another record. */
function hashOf({ topic, key, value }: InRecord): number {
  if (topic !== COMMANDS) return crc32(value ?? '');
  return key === null ? 0 : crc32(key);
}

function build(
  ranges: Ranges,
  missing: ReadonlyMap<number, number[]>,
  startOf: (topic: string, partition: number, low: bigint) => Pick<TopicPartitionOffset, 'offset' | 'note'>,
): Omit<Starts, 'differences'> {
  const offsets: TopicPartitionOffset[] = [];
  const ledgers = new Map<number, Ledger>();
  const wholeStates = new Set<number>();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (const topic of followedTopics) {
      const low = lowOf(ranges, topic, partition);
      const { offset, note } = startOf(topic, partition, low);
      if (topic === STATE && offset === low) wholeStates.add(partition);
      offsets.push({ topic, partition, offset, note });
      if (topic === COMMANDS) {
        ledgers.set(partition, createLedger(partition, Number(offset), missing.get(partition)));
      }
    }
  }
  return { offsets, ledgers, wholeStates };
}

/** Missing outcomes of open findings. A late outcome closes its finding, also after a restart. */
async function knownMissing(mysql: Queryable): Promise<Map<number, number[]>> {
  const rows = await mysql.rows<{ subject: string }>(
    `SELECT subject FROM reconciliation_findings WHERE kind = 'OUTCOME_MISSING' AND status = 'OPEN'`,
  );
  const missing = new Map<number, number[]>();
  for (const { subject } of rows) {
    const [partition = 0, offset = 0] = subject.split('-').map(Number);
    const own = missing.get(partition) ?? [];
    own.push(offset);
    missing.set(partition, own);
  }
  return missing;
}
