/** Checks dead letters. Each needs an outcome, a row, and its bytes on the dead-letter topic. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { LogReader, LogRecord } from '../kafka/log-reader.ts';
import type { Findings } from './checks.ts';
import { DEAD_LETTERED, type LaneLog } from './lane-log.ts';
import { sha256 } from './read-commands.ts';

/** SHA-256 of the values on the dead-letter topic, by `<partition>@<offset>` of the source. */
export type DeadLetterValues = ReadonlyMap<string, string>;

/** Reads the whole dead-letter topic, but keeps only a digest of each record. */
export async function readDeadLetters(reader: LogReader, topic: string): Promise<DeadLetterValues> {
  const values = new Map<string, string>();
  for (const [partition, { low, high }] of (await reader.ranges(topic)).entries()) {
    for await (const records of reader.read(topic, partition, low, high)) {
      for (const record of records) values.set(originOf(record), sha256(record.value));
    }
  }
  return values;
}

function originOf(record: LogRecord): string {
  return `${String(record.headers['dlq_partition'])}@${String(record.headers['dlq_offset'])}`;
}

export interface DeadLetterDeps {
  db: Connection;
  lane: LaneLog;
  findings: Findings;
  onTopic: DeadLetterValues;
  /** Names of the command topic that the table may contain. */
  topics: string[];
}

/** Compares the dead letters of one partition. Returns their number. */
export async function checkDeadLetters({
  db,
  lane,
  findings,
  onTopic,
  topics,
}: DeadLetterDeps): Promise<number> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT source_offset, LOWER(HEX(value_sha256)) AS digest FROM dead_letters WHERE topic IN (?) AND partition_id = ? AND source_offset >= ?',
    [topics, lane.partition, lane.base],
  );
  const byOffset = new Map(rows.map((row) => [Number(row['source_offset']), String(row['digest'])]));
  let letters = 0;
  for (let index = 0; index < lane.flags.length; index += 1) {
    if (((lane.flags[index] ?? 0) & DEAD_LETTERED) === 0) continue;
    letters += 1;
    const offset = lane.base + index;
    const where = `${lane.partition}@${offset}`;
    const row = byOffset.get(offset);
    const source = lane.deadValues.get(offset);
    const published = onTopic.get(where);
    if (row === undefined) findings.add('deadLetter', `${where}: no row`);
    else if (source !== undefined && row !== source)
      findings.add('deadLetter', `${where}: the row has another digest`);
    if (published === undefined) findings.add('deadLetter', `${where}: not on the dead-letter topic`);
    else if (published !== (source ?? row))
      findings.add('deadLetter', `${where}: other bytes on the dead-letter topic`);
    byOffset.delete(offset);
  }
  for (const offset of byOffset.keys()) {
    findings.add('deadLetter', `${lane.partition}@${offset}: a row without an outcome`);
  }
  return letters;
}
