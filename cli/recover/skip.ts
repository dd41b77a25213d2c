/**
 * `orderstream recover skip`: dead-letters the record at which a lane waits. The command line writes the
 * instruction and its audit row. The owner of the lane applies it in the transaction that decides the record. So
 * subscribers see a normal outcome and no gap.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { type LaneRow, readLaneRows } from '../../services/inspection/index.ts';
import { recordAudit } from '../../services/shared/audit/index.ts';
import { schemaIdOf } from '../../services/shared/codec/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import { rowsOf } from '../database.ts';
import { CliError } from '../errors.ts';
import type { LogReader, LogRecord } from '../kafka/log-reader.ts';
import { auditTargetOf, currentOperator } from '../operator.ts';
import { print } from '../output.ts';
import { withServers } from './opened.ts';

export interface SkipOptions {
  partition: number;
  offset: number;
  reason: string;
  dryRun?: boolean;
  /** Seconds. */
  wait: number;
  name: string;
}

const REASON_CHARS_MAX = 300;
const LOOK_EVERY_MS = 250;

/**
 * The exit code is 1 if no worker applied the instruction in time. The instruction stays, and the next owner of the
 * lane applies it.
 */
export async function skipRecord(options: SkipOptions): Promise<void> {
  const { partition, offset, dryRun = false, wait, name } = options;
  const reason = reasonOf(options.reason);
  await withServers(name, async ({ db, reader }) => {
    const lane = await waitingLane(db, partition, offset);
    const record = await readOne(reader, partition, offset);
    print(describe(record, lane));
    if (dryRun)
      return print(
        `it would become the dead letter ${partition}-${offset}, reason SKIPPED; nothing was changed`,
      );
    await instruct(db, partition, offset, reason);
    if (await isDone(db, partition, offset, wait)) {
      return print(
        `done: it is the dead letter ${partition}-${offset}, reason SKIPPED, and the lane continues`,
      );
    }
    process.exitCode = 1;
    print(`recorded, but no worker applied it within ${wait} s; the next owner of the lane applies it`);
  });
}

function reasonOf(text: string): string {
  const reason = text.trim();
  if (reason === '' || reason.length > REASON_CHARS_MAX || /\p{Cc}/u.test(reason))
    throw new CliError(`--reason is one line of 1 to ${REASON_CHARS_MAX} characters`);
  return reason;
}

/**
 * The lane that waits at exactly this record. @throws CliError otherwise, because an order that can be decided must
 * not be skipped.
 */
async function waitingLane(db: Connection, partition: number, offset: number): Promise<LaneRow> {
  const lane = (await readLaneRows(rowsOf(db))).find((row) => row.partition === partition);
  if (lane === undefined) throw new CliError(`no worker has ever owned partition ${partition}`);
  if (lane.next !== offset)
    throw new CliError(`lane ${partition} is at offset ${lane.next}, not at ${offset}: nothing was changed`);
  if (lane.wait === null || lane.wait.place !== 'decide' || lane.wait.offset !== offset) {
    const instead =
      lane.wait === null ? 'it is not waiting' : `it waits at ${lane.wait.place}: ${lane.wait.why}`;
    throw new CliError(`lane ${partition} does not wait for the decision of offset ${offset} (${instead})`);
  }
  return lane;
}

async function readOne(reader: LogReader, partition: number, offset: number): Promise<LogRecord> {
  for await (const [record] of reader.read(COMMANDS, partition, offset, offset + 1)) {
    if (record?.offset === offset) return record;
  }
  throw new CliError(`the log has no record at ${partition}-${offset}`);
}

/** Describes the record without its content, which is personal data. */
function describe({ key, value, timestampMs, partition, offset }: LogRecord, { wait }: LaneRow): string {
  const schemaId = schemaIdOf(value);
  return [
    `record ${partition}-${offset} of ${new Date(timestampMs).toISOString()}`,
    `key ${key === null ? 'none' : key.toString('latin1').replace(/[^\x20-\x7e]/g, '?')}`,
    `${value?.length ?? 0} bytes, schema id ${schemaId ?? 'none'}`,
    `the lane waits: ${wait?.why ?? ''}`,
  ].join('\n');
}

/** Writes the instruction and its audit row in one transaction. */
async function instruct(db: Connection, partition: number, offset: number, reason: string): Promise<void> {
  const operator = currentOperator();
  const nowMs = Date.now();
  await db.beginTransaction();
  try {
    await db.query(
      'INSERT INTO lane_skips (topic, partition_id, source_offset, reason, actor, asked_at_ms) VALUES (?, ?, ?, ?, ?, ?) ' +
        'ON DUPLICATE KEY UPDATE reason = VALUES(reason), actor = VALUES(actor), asked_at_ms = VALUES(asked_at_ms)',
      [COMMANDS, partition, offset, reason, operator.name, nowMs],
    );
    const entry = {
      action: 'record.skipped',
      subjectId: `${COMMANDS}/${partition}-${offset}`,
      details: { reason },
    } as const;
    await recordAudit(auditTargetOf(db), operator, [entry], nowMs);
    await db.commit();
  } catch (error) {
    await db.rollback();
    throw error;
  }
}

async function isDone(
  db: Connection,
  partition: number,
  offset: number,
  waitSeconds: number,
): Promise<boolean> {
  const endsAtMs = performance.now() + waitSeconds * 1_000;
  do {
    const lane = (await readLaneRows(rowsOf(db))).find((row) => row.partition === partition);
    if (lane !== undefined && lane.next > offset) return true;
    await sleep(LOOK_EVERY_MS);
  } while (performance.now() < endsAtMs);
  return false;
}
