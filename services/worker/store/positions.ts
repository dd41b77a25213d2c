/**
 * Owner, epoch and position of every lane. Only this file and the recovery commands write `lane_positions`.
 */
import { type LaneColumns, selectLanes } from '../../orders-db/index.ts';
import {
  nowSql,
  type Queryable,
  type Session,
  type StatementBuffer,
  textToSql,
} from '../../shared/mysql/index.ts';
import {
  jumpTo,
  type LaneLogIds,
  noOutcomeMark,
  noRecordMark,
  type OutcomeMark,
  type RecordMark,
} from '../takeover/log-fingerprint.ts';
import { readOutboxEnds } from './outbox.ts';

/** A lane as it was claimed. The worker with the highest epoch owns it. */
export interface LaneClaim {
  readonly partition: number;
  readonly epoch: number;
  readonly nextOffset: number;
  /** Whether another owner ended without releasing the lane. One of the next records may have crashed that owner. */
  readonly unclean: boolean;
  /** Whether no worker has claimed this lane before. */
  readonly first: boolean;
  /** The stored offset below which outcomes are acknowledged. The real offset may be higher. */
  readonly publishedOffset: number;
  /** The logs on which the lane was processed. */
  readonly logs: LaneLogIds;
  readonly record: RecordMark;
  readonly outcome: OutcomeMark;
  /** Offset of the record decided before `nextOffset`. Lower than `nextOffset` - 1 if an operator skipped commands. */
  readonly prevOffset: number;
  /** Position after the newest outbox row of the lane; -1 without a row. One transaction writes row and position. */
  readonly outboxEnd: number;
}

/** The part of one lane in a fence: moves the position of the lane from one offset to another. */
export interface FenceMove {
  readonly partition: number;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  /** Outcomes below this offset are acknowledged. */
  readonly published: number;
  /** The last record that this move decides. */
  readonly record: RecordMark;
  /** The last outcome that was acknowledged. */
  readonly outcome: OutcomeMark;
}

type PositionRow = Pick<LaneColumns, 'partition_id' | 'epoch' | 'next_offset' | 'owner'>;
const claimColumns = [
  'partition_id',
  'epoch',
  'next_offset',
  'owner',
  'published_offset',
  'topic_id',
  'events_topic_id',
  'cluster_id',
  'record_offset',
  'record_id',
  'outcome_source',
  'outcome_offset',
] as const satisfies readonly (keyof LaneColumns)[];
type ClaimRow = Pick<LaneColumns, (typeof claimColumns)[number]>;

/**
 * Takes over the lane. Raises its epoch, so that its last owner can commit nothing more. `owner.epoch` is the last
 * epoch at which this process held the lane, or -1.
 */
export async function claimLane(
  session: Session,
  topic: string,
  partition: number,
  owner: { name: string; epoch: number },
): Promise<LaneClaim> {
  const lane = `topic = ${textToSql(topic)} AND partition_id = ${partition}`;
  await session.begin();
  await session.write(
    `INSERT INTO lane_positions (topic, partition_id) VALUES (${textToSql(topic)}, ${partition}) ON DUPLICATE KEY UPDATE topic = topic`,
  );
  const [row] = await session.rows<ClaimRow>(
    `SELECT ${claimColumns.join(', ')} FROM lane_positions WHERE ${lane} FOR UPDATE`,
  );
  const outboxEnds = await readOutboxEnds(session, topic, partition);
  const epoch = row!.epoch + 1;
  await session.write(
    `UPDATE lane_positions SET epoch = ${epoch}, owner = ${textToSql(owner.name)}, updated_at_ms = ${nowSql} WHERE ${lane}`,
  );
  await session.commit();
  return {
    ...laneOf(row!, outboxEnds),
    epoch,
    unclean: row!.owner !== '' && row!.epoch !== owner.epoch,
    first: row!.epoch === 0,
  };
}

/** Reads every lane that was ever claimed. Does not wait for open transactions. */
export async function readAllLanes(
  db: Pick<Queryable, 'rows'>,
  topic: string,
): Promise<Omit<LaneClaim, 'unclean' | 'first'>[]> {
  const rows = await selectLanes(db, claimColumns, topic);
  const outboxEnds = await readOutboxEnds(db, topic);
  return rows.map((row) => laneOf(row, outboxEnds));
}

function laneOf(
  row: ClaimRow,
  outboxEnds: ReadonlyMap<number, number>,
): Omit<LaneClaim, 'unclean' | 'first'> {
  return {
    partition: row.partition_id,
    epoch: row.epoch,
    nextOffset: row.next_offset,
    publishedOffset: row.published_offset,
    logs: { clusterId: row.cluster_id, commands: row.topic_id, events: row.events_topic_id },
    record: row.record_id === '' ? noRecordMark : { offset: row.record_offset, id: row.record_id },
    outboxEnd: outboxEnds.get(row.partition_id) ?? -1,
    prevOffset: row.record_id === jumpTo(row.next_offset) ? row.record_offset : row.next_offset - 1,
    outcome:
      row.outcome_source < 0 ? noOutcomeMark : { source: row.outcome_source, offset: row.outcome_offset },
  };
}

/** Stores the ids of the logs of a claimed lane. Returns false if the lane has another epoch. */
export async function adoptLogs(
  db: Pick<Queryable, 'write'>,
  topic: string,
  { partition, epoch }: Pick<LaneClaim, 'partition' | 'epoch'>,
  { clusterId, commands, events }: LaneLogIds,
): Promise<boolean> {
  const result = await db.write(
    `UPDATE lane_positions SET cluster_id = ${textToSql(clusterId)}, topic_id = ${textToSql(commands)}, ` +
      `events_topic_id = ${textToSql(events)} ` +
      `WHERE topic = ${textToSql(topic)} AND partition_id = ${partition} AND epoch = ${epoch}`,
  );
  return result.affectedRows === 1;
}

/** Starts a new lane at the first offset of its log. Returns false if the lane has another epoch or position. */
export async function startAt(
  session: Session,
  topic: string,
  claim: LaneClaim,
  offset: number,
): Promise<boolean> {
  const result = await session.write(
    `UPDATE lane_positions SET next_offset = ${offset}, published_offset = ${offset} ` +
      `WHERE topic = ${textToSql(topic)} AND partition_id = ${claim.partition} AND epoch = ${claim.epoch} AND next_offset = 0`,
  );
  return result.affectedRows === 1;
}

/** Releases the lanes that still have this epoch, so that their next owner starts without probation. */
export async function releaseLanes(
  db: Queryable,
  topic: string,
  lanes: readonly { partition: number; epoch: number }[],
): Promise<void> {
  for (const { partition, epoch } of lanes) {
    await db.write(
      `UPDATE lane_positions SET owner = '' WHERE topic = ${textToSql(topic)} AND partition_id = ${partition} AND epoch = ${epoch}`,
    );
  }
}

/**
 * Writes the start of every transaction of a lane: BEGIN and the fence. The fence moves a lane only if its epoch and
 * its position are those of its move. Returns the index of the fence. The caller must roll back if the fence affects
 * fewer rows than `moves`. The derived table drives the join, so that only the rows of these lanes are locked.
 */
export function layOutFence(buffer: StatementBuffer, topic: string, moves: readonly FenceMove[]): number {
  const rows = moves.map(({ partition, epoch, from, to, published, record, outcome }) => [
    partition,
    epoch,
    from,
    to,
    published,
    record.offset,
    record.id,
    outcome.source,
    outcome.offset,
  ]);
  buffer.begin('START TRANSACTION');
  buffer.end();
  buffer.begin('UPDATE JSON_TABLE(');
  buffer.json(rows);
  buffer.sql(
    ", '$[*]' COLUMNS (p SMALLINT UNSIGNED PATH '$[0]', e BIGINT PATH '$[1]', " +
      "f BIGINT PATH '$[2]', t BIGINT PATH '$[3]', u BIGINT PATH '$[4]', " +
      "ro BIGINT PATH '$[5]', ri VARCHAR(22) PATH '$[6]', os BIGINT PATH '$[7]', oo BIGINT PATH '$[8]')) d " +
      'STRAIGHT_JOIN lane_positions l ON l.topic = ',
  );
  buffer.text(topic);
  buffer.sql(
    ' AND l.partition_id = d.p ' +
      `SET l.next_offset = d.t, l.published_offset = d.u, l.updated_at_ms = ${nowSql}, ` +
      'l.record_offset = d.ro, l.record_id = d.ri, l.outcome_source = d.os, l.outcome_offset = d.oo ' +
      'WHERE l.epoch = d.e AND l.next_offset = d.f',
  );
  return buffer.end();
}

/**
 * The current positions of the lanes. Waits for a transaction that still locks the rows. If a COMMIT got no response,
 * a plain read could still show the state before it.
 */
export async function readPositions(
  session: Session,
  topic: string,
  partitions: readonly number[],
): Promise<Map<number, { epoch: number; nextOffset: number }>> {
  const rows = await session.rows<PositionRow>(
    `SELECT partition_id, epoch, next_offset, owner FROM lane_positions WHERE topic = ${textToSql(topic)} ` +
      `AND partition_id IN (${partitions.join(',')}) ORDER BY partition_id FOR UPDATE`,
  );
  return new Map(rows.map((row) => [row.partition_id, { epoch: row.epoch, nextOffset: row.next_offset }]));
}

/** Owner and position of a lane; null if it has no row. Does not wait for open transactions. */
export async function readOwner(
  db: Queryable,
  topic: string,
  partition: number,
): Promise<{ epoch: number; nextOffset: number; owner: string } | null> {
  const [row] = await db.rows<PositionRow>(
    `SELECT partition_id, epoch, next_offset, owner FROM lane_positions WHERE topic = ${textToSql(topic)} ` +
      `AND partition_id = ${partition}`,
  );
  return row === undefined ? null : { epoch: row.epoch, nextOffset: row.next_offset, owner: row.owner };
}
