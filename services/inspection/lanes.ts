/** The lanes of the workers: their positions, their owners, and the reasons of their waits. */
import { COMMANDS } from '../../topics/index.ts';
import type { KafkaAdmin } from '../shared/kafka/index.ts';
import { type Queryable, textToSql } from '../shared/mysql/index.ts';
import type { RecordTimes } from './record-times.ts';

/** One lane from the tables. A lane that no worker ever claimed has no row. */
export interface LaneRow {
  partition: number;
  owner: string;
  epoch: number;
  next: number;
  published: number;
  /** Time of the last decision of a command, epoch ms. */
  movedAtMs: number;
  /** Number of batches whose messages Kafka has not acknowledged, or whose rows are not deleted yet. */
  outboxRows: number;
  /** First offset that is retried on its own because a worker crashed there. Usually null. */
  suspect: number | null;
  deaths: number;
  /** The reason of a longer wait, which the owner reports. */
  wait: LaneWait | null;
}

/** A row of `lane_waits`, written by the lane's owner. */
export interface LaneWait {
  /** Offset of the record at which the lane waits. */
  offset: number;
  /** `claim`, `decide`, `publish` or `stopped`. */
  place: string;
  needsOperator: boolean;
  why: string;
  sinceMs: number;
}

export interface LaneStanding extends LaneRow {
  /** End of the command log. */
  end: number;
  /** Number of commands without a published outcome. */
  lag: number;
  /** Timestamp of the oldest of these commands, epoch ms; null if there is none. */
  oldestAtMs: number | null;
  /** One sentence. Empty if the lane waits for nothing. */
  waitsFor: string;
}

/** A lane with commands that has decided nothing for this long is reported. */
const STILL_AFTER_MS = 10_000;

const noLane: Omit<LaneRow, 'partition'> = {
  owner: '',
  epoch: 0,
  next: 0,
  published: 0,
  movedAtMs: 0,
  outboxRows: 0,
  suspect: null,
  deaths: 0,
  wait: null,
};

type StoredLane = Omit<LaneRow, 'wait'> & {
  [Member in keyof LaneWait as `wait_${Member}`]: LaneWait[Member] | null;
};

/** Every lane with a row. */
export async function readLaneRows(db: Pick<Queryable, 'rows'>): Promise<LaneRow[]> {
  const rows = await db.rows<StoredLane>(
    'SELECT l.partition_id AS `partition`, l.owner, l.epoch, l.next_offset AS `next`, l.published_offset AS published, ' +
      'l.updated_at_ms AS movedAtMs, ' +
      '(SELECT COUNT(*) FROM outbox o WHERE o.topic = l.topic AND o.partition_id = l.partition_id) AS outboxRows, ' +
      'a.source_offset AS suspect, COALESCE(a.attempts, 0) AS deaths, w.source_offset AS wait_offset, w.place AS wait_place, ' +
      'w.needs_operator AS wait_needsOperator, w.why AS wait_why, w.since_ms AS wait_sinceMs FROM lane_positions l ' +
      'LEFT JOIN lane_waits w ON w.topic = l.topic AND w.partition_id = l.partition_id ' +
      'LEFT JOIN lane_attempts a ON a.topic = l.topic AND a.partition_id = l.partition_id AND a.source_offset = ' +
      '(SELECT MIN(source_offset) FROM lane_attempts b WHERE b.topic = l.topic AND b.partition_id = l.partition_id AND b.source_offset >= l.next_offset) ' +
      `WHERE l.topic = ${textToSql(COMMANDS)} ORDER BY l.partition_id`,
  );
  return rows.map(rowOf);
}

function rowOf(stored: StoredLane): LaneRow {
  const {
    wait_offset: offset,
    wait_place: place,
    wait_needsOperator,
    wait_why,
    wait_sinceMs,
    ...lane
  } = stored;
  // The owner deletes the row when it continues, but may crash before. If the lane has passed the record, the wait
  // is over.
  const isOver = offset === null || place === null || (place === 'decide' && offset < lane.next);
  const wait = isOver
    ? null
    : {
        // A lane that could not be claimed has no position of its own.
        offset: Math.max(offset, lane.next),
        place,
        needsOperator: Boolean(wait_needsOperator),
        why: wait_why ?? '',
        sinceMs: wait_sinceMs ?? 0,
      };
  return { ...(lane as Omit<LaneRow, 'wait'>), wait };
}

/** The part of the command log that exists, by partition. */
type Ends = ReadonlyMap<number, { readonly low: bigint; readonly high: bigint }>;

/**
 * Every partition of the command log with its lane, also lanes without an owner. Read `rows` before: then the log never
 * has fewer commands than are decided. Throws KAFKA_UNAVAILABLE.
 *
 * @param nowMs epoch ms by the clock of the database
 */
export async function readStandings(
  { admin, times }: { admin: Pick<KafkaAdmin, 'endOffsets'>; times: RecordTimes },
  rows: readonly LaneRow[],
  nowMs: number,
): Promise<LaneStanding[]> {
  const lanes = standings(rows, await admin.endOffsets(COMMANDS), nowMs);
  const behind = lanes.filter(({ lag }) => lag > 0);
  const found = await times.at(
    behind.map(({ partition, end, lag }) => ({ topic: COMMANDS, partition, offset: BigInt(end - lag) })),
  );
  for (const [index, lane] of behind.entries()) lane.oldestAtMs = found[index]!;
  return lanes;
}

/** Like `readStandings`, without the times of records. */
export function standings(rows: readonly LaneRow[], ends: Ends, nowMs: number): LaneStanding[] {
  return [...ends]
    .toSorted(([a], [b]) => a - b)
    .map(([partition, { low, high }]) => {
      const row = rows.find((candidate) => candidate.partition === partition) ?? { ...noLane, partition };
      const end = Number(high);
      const lag = Math.max(0, end - Math.max(row.published, Number(low)));
      return { ...row, end, lag, oldestAtMs: null, waitsFor: waitsFor(row, end, nowMs) };
    });
}

/**
 * Whether the lane makes no progress. Either its owner reports a wait, or it has had a command for 10 s and decided
 * nothing.
 */
export function isStalled(
  { wait, lag, movedAtMs, oldestAtMs }: Pick<LaneStanding, 'wait' | 'lag' | 'movedAtMs' | 'oldestAtMs'>,
  nowMs: number,
): boolean {
  if (wait !== null) return true;
  return lag > 0 && nowMs - Math.max(movedAtMs, oldestAtMs ?? 0) > STILL_AFTER_MS;
}

/** Age of the record at which a reader is, in seconds; 0 if there is none. */
export function lagSeconds({ oldestAtMs }: { oldestAtMs: number | null }, nowMs: number): number {
  return oldestAtMs === null ? 0 : Math.max(0, nowMs - oldestAtMs) / 1_000;
}

/** The event that the oldest command without an outcome waits for, as a sentence. */
export function waitsFor(lane: LaneRow, end: number, nowMs: number): string {
  const { owner, next, published, suspect, wait } = lane;
  if (wait !== null && owner !== '') return waitSentence(lane, wait, nowMs);
  if (end < next) return `the lane cannot continue: the log ends at ${end}, before its position ${next}`;
  if (published < next) {
    const what = `Kafka's acknowledgement of ${many(next - published, 'outcome')} (offsets ${published} to ${next - 1})`;
    return owner === '' ? `a worker to take the lane, then ${what}` : what;
  }
  if (next === end) return '';
  const commands = `${many(end - next, 'command')} from offset ${next} on`;
  if (owner === '') return `a worker to take the lane and decide ${commands}`;
  if (suspect !== null)
    return `${owner}, which retries offset ${suspect} on its own after ${many(lane.deaths, 'crash', 'crashes')} there`;
  const stillMs = nowMs - lane.movedAtMs;
  const still = stillMs > STILL_AFTER_MS ? `, which has decided nothing for ${seconds(stillMs)}` : '';
  return `${owner} to decide ${commands}${still}`;
}

/** The lanes without progress, in one line. Empty if there are none. */
export function stillLanes(lanes: readonly LaneStanding[], nowMs: number): string[] {
  const still = lanes.filter((lane) => isStalled(lane, nowMs));
  if (still.length === 0) return [];
  const named = still.map(({ partition, owner }) => `${partition}${owner === '' ? '' : ` (${owner})`}`);
  return [`${still.length} of ${lanes.length} lanes make no progress: ${named.join(', ')}`];
}

/** The report of the owner, and the command that continues the lane if only an operator can help. */
function waitSentence(
  { partition, owner }: LaneRow,
  { offset, place, needsOperator, why, sinceMs }: LaneWait,
  nowMs: number,
): string {
  const state =
    place === 'stopped'
      ? `${owner} stopped at offset ${offset}`
      : `${owner} waits at offset ${offset} (${place})`;
  const said = `${state} for ${seconds(nowMs - sinceMs)}: ${why}`;
  if (place === 'stopped') return `${said}; see \`orderstream recover status\``;
  if (!needsOperator || place !== 'decide') return said;
  return `${said}; to go on without it: \`orderstream recover skip --partition ${partition} --offset ${offset}\``;
}

function many(count: number, what: string, plural = `${what}s`): string {
  return `${count} ${count === 1 ? what : plural}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
