/** The lanes of the workers: how far each is, whose it is, and what the next command on it waits for. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { COMMANDS } from '../../topics/catalogue.ts';

/** One lane as the tables have it; a lane that no worker ever claimed has no row. */
export interface LaneRow {
  partition: number;
  owner: string;
  epoch: number;
  next: number;
  published: number;
  /** When anything was last decided, epoch ms. */
  movedAtMs: number;
  /** Batches whose messages Kafka has not acknowledged, or that are not tidied up yet. */
  outboxRows: number;
  /** First offset that is tried with care, after a worker died of what is there; null usually. */
  suspect: number | null;
  deaths: number;
  /** Why its owner does not go on, in the owner's words; null while it does. */
  why: string | null;
  /** Since when that is so, epoch ms. */
  whySinceMs: number | null;
  /** 1 where it does not pass without an operator. */
  needsOperator: number | null;
}

export interface LaneStanding extends LaneRow {
  /** End of the command log. */
  end: number;
  /** Commands without a published outcome. */
  lag: number;
  /** One sentence; empty when nothing waits. */
  waitsFor: string;
}

/** A lane that has work and has decided nothing for so long is worth a look. */
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
  why: null,
  whySinceMs: null,
  needsOperator: null,
};

/** Every lane with a row. */
export async function readLanes(db: Connection): Promise<LaneRow[]> {
  const [rows] = await db.query<(LaneRow & RowDataPacket)[]>(
    'SELECT l.partition_id AS `partition`, l.owner, l.epoch, l.next_offset AS `next`, l.published_offset AS published, ' +
      'l.updated_at_ms AS movedAtMs, ' +
      '(SELECT COUNT(*) FROM outbox o WHERE o.topic = l.topic AND o.partition_id = l.partition_id) AS outboxRows, ' +
      'a.source_offset AS suspect, COALESCE(a.attempts, 0) AS deaths, ' +
      'w.why, w.since_ms AS whySinceMs, w.needs_operator AS needsOperator FROM lane_positions l ' +
      'LEFT JOIN lane_waits w ON w.topic = l.topic AND w.partition_id = l.partition_id ' +
      'LEFT JOIN lane_attempts a ON a.topic = l.topic AND a.partition_id = l.partition_id AND a.source_offset = ' +
      '(SELECT MIN(source_offset) FROM lane_attempts b WHERE b.topic = l.topic AND b.partition_id = l.partition_id AND b.source_offset >= l.next_offset) ' +
      'WHERE l.topic = ? ORDER BY l.partition_id',
    [COMMANDS],
  );
  return rows;
}

/** Every partition of the command log beside its lane. `ends` are the ends of the log by partition. */
export function standings(rows: readonly LaneRow[], ends: readonly number[], nowMs: number): LaneStanding[] {
  return ends.map((end, partition) => {
    const row = rows.find((candidate) => candidate.partition === partition) ?? { ...noLane, partition };
    return { ...row, end, lag: Math.max(0, end - row.published), waitsFor: waitsFor(row, end, nowMs) };
  });
}

/** What has to happen before the oldest command without an answer on this lane gets one. */
export function waitsFor(lane: LaneRow, end: number, nowMs: number): string {
  const { owner, next, published, suspect } = lane;
  // The owner's words name the command that continues.
  if (lane.why !== null) return saidBy(lane, lane.why, nowMs);
  if (end < next) return `nothing can go on: the log ends at ${end}, and ${next} are decided`;
  if (published < next) {
    const what = `Kafka's acknowledgement of ${many(next - published, 'outcome')} (offsets ${published} to ${next - 1})`;
    return owner === '' ? `a worker to take the lane, then ${what}` : what;
  }
  if (next === end) return '';
  const commands = `${many(end - next, 'command')} from offset ${next} on`;
  if (owner === '') return `a worker to take the lane and decide ${commands}`;
  if (suspect !== null)
    return `${owner}, which tries ${suspect} with care after ${many(lane.deaths, 'death')} there`;
  const stillMs = nowMs - lane.movedAtMs;
  const still = stillMs > STILL_AFTER_MS ? `, which has decided nothing for ${seconds(stillMs)}` : '';
  return `${owner} to decide ${commands}${still}`;
}

function saidBy({ owner, whySinceMs, needsOperator }: LaneRow, why: string, nowMs: number): string {
  const who = owner === '' ? 'a worker' : owner;
  const whom = needsOperator === 1 ? 'an operator' : who;
  return `${whom}: ${who} does not go on for ${seconds(nowMs - (whySinceMs ?? nowMs))} (${why})`;
}

/** Lanes that do not go on, in one line each; none where all do. */
export function stillLanes(lanes: readonly LaneStanding[], nowMs: number): string[] {
  const still = lanes.filter(
    ({ why, lag, movedAtMs }) => why !== null || (lag > 0 && nowMs - movedAtMs > STILL_AFTER_MS),
  );
  if (still.length === 0) return [];
  const named = still.map(({ partition, owner }) => `${partition}${owner === '' ? '' : ` (${owner})`}`);
  return [`${still.length} of ${lanes.length} lanes stand still: ${named.join(', ')}`];
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
