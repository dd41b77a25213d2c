/**
 * Changes lanes for `orderstream recover`. A change is fenced as in a worker, and its audit row is in the same
 * transaction.
 */
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { recordAudit } from '../../services/shared/audit/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import { CliError } from '../errors.ts';
import { auditTargetOf, currentOperator } from '../operator.ts';
import type { LaneRow } from './lane-facts.ts';

/** Columns of `lane_positions` with their new values. */
export type LaneChange = Readonly<Record<string, string | number>>;

/**
 * Raises the epoch of the lane, which fences its owner. Batches of the owner in flight can no longer commit.
 * @returns the row with its new epoch
 * @throws CliError if the lane has moved since it was read
 */
export async function takeLane(db: Connection, row: LaneRow): Promise<LaneRow> {
  const epoch = row.epoch + 1;
  await update(db, row, { epoch, owner: '' });
  return { ...row, epoch };
}

/** Changes a fenced lane, and records the change in the audit log. */
export async function changeLane(
  db: Connection,
  row: LaneRow,
  change: LaneChange,
  details: Readonly<Record<string, string | number>>,
): Promise<void> {
  await inTransaction(db, async () => {
    await update(db, row, change);
    await audit(db, `${COMMANDS}-${row.partition}`, details);
  });
}

/** Removes the halt of the pipeline, and records this in the audit log. */
export async function endHalt(
  db: Connection,
  details: Readonly<Record<string, string | number>>,
): Promise<void> {
  await inTransaction(db, async () => {
    await db.query('DELETE FROM pipeline_halts WHERE id = 1');
    await audit(db, 'pipeline', details);
  });
}

async function update(
  db: Connection,
  { partition, epoch, nextOffset }: LaneRow,
  change: LaneChange,
): Promise<void> {
  const columns = Object.keys(change);
  const [result] = await db.query<ResultSetHeader>(
    `UPDATE lane_positions SET ${columns.map((column) => `${column} = ?`).join(', ')} ` +
      'WHERE topic = ? AND partition_id = ? AND epoch = ? AND next_offset = ?',
    [...Object.values(change), COMMANDS, partition, epoch, nextOffset],
  );
  if (result.affectedRows === 1) return;
  throw new CliError(
    `lane ${partition} has changed since it was read. Nothing was changed; run the command again`,
  );
}

function audit(
  db: Connection,
  subjectId: string,
  details: Readonly<Record<string, string | number>>,
): Promise<void> {
  const entry = { action: 'log.recovered', subjectId, details } as const;
  return recordAudit(auditTargetOf(db), currentOperator(), [entry], Date.now());
}

async function inTransaction(db: Connection, work: () => Promise<void>): Promise<void> {
  await db.beginTransaction();
  try {
    await work();
    await db.commit();
  } catch (error) {
    await db.rollback();
    throw error;
  }
}
