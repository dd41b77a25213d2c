/** The outcome of a change, as the tables have it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { OrderCommand } from '../../schemas/index.ts';
import { refundIdOf } from '../../services/domain/index.ts';
import { uuidToBytes } from '../../services/shared/mysql/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import type { LineUnits, ReturnedUnits } from './options.ts';

export interface ChangeOutcome {
  readonly outcome: 'APPLIED' | 'REFUSED' | 'KEY_CONFLICT' | 'DEAD_LETTERED';
  /** The outcome is that of an earlier command with the same key. */
  readonly isRepeat: boolean;
  /** Status and version of the order after the command. */
  readonly status: string | null;
  readonly version: number;
  readonly reason: { readonly code: string; readonly message: string } | null;
  readonly shipment: { readonly shipment: number; readonly lines: readonly LineUnits[] } | null;
  readonly returned: { readonly return: number; readonly lines: readonly ReturnedUnits[] } | null;
  readonly refund: { readonly refundId: string; readonly amount: number; readonly currency: string } | null;
}

interface Position {
  readonly partition: number;
  readonly offset: bigint;
}

type SentCommand = Pick<OrderCommand, 'commandId' | 'fingerprint'> & { readonly orderId: string };

const pollMs = 100;
const nothing = { shipment: null, returned: null, refund: null };
const keyConflict = {
  code: 'KEY_CONFLICT',
  message: 'Another change was sent with the same key. Use a new key.',
};

/** Waits for the outcome of a command at `position`. Null if there is none after `waitMs`. */
export async function waitForOutcome(
  db: Connection,
  command: SentCommand,
  position: Position,
  waitMs: number,
): Promise<ChangeOutcome | null> {
  const untilMs = performance.now() + waitMs;
  for (;;) {
    const outcome = await readOutcome(db, command, position);
    if (outcome !== null || performance.now() >= untilMs) return outcome;
    await sleep(pollMs);
  }
}

async function readOutcome(
  db: Connection,
  { orderId, commandId, fingerprint }: SentCommand,
  { partition, offset }: Position,
): Promise<ChangeOutcome | null> {
  const [stored] = await rowsOf(
    db,
    'SELECT outcome, version, status, reason, source_partition, source_offset, fingerprint FROM order_commands WHERE order_id = ? AND command_id = ?',
    [uuidToBytes(orderId), commandId],
  );
  if (stored === undefined) return readDeadLetter(db, partition, offset);
  const isRepeat = stored['source_partition'] !== partition || BigInt(stored['source_offset']) !== offset;
  const { outcome, status, version, reason } = stored;
  const common = { isRepeat, status, version, ...nothing };
  if (isRepeat && isOther(stored['fingerprint'], fingerprint))
    return { ...common, outcome: 'KEY_CONFLICT', reason: keyConflict };
  return {
    ...common,
    outcome,
    reason: typeof reason === 'string' ? JSON.parse(reason) : reason,
    ...(outcome === 'APPLIED' ? await readEffect(db, orderId, commandId, stored) : {}),
  };
}

/** A stored command without a fingerprint is not compared, as in decisions. */
function isOther(stored: Buffer | null, own: Buffer | null): boolean {
  return stored !== null && own !== null && Buffer.compare(stored, own) !== 0;
}

async function readDeadLetter(
  db: Connection,
  partition: number,
  offset: bigint,
): Promise<ChangeOutcome | null> {
  const [letter] = await rowsOf(
    db,
    'SELECT reason_code, message FROM dead_letters WHERE topic = ? AND partition_id = ? AND source_offset = ?',
    [COMMANDS, partition, String(offset)],
  );
  if (letter === undefined) return null;
  const reason = { code: letter['reason_code'], message: letter['message'] };
  return { outcome: 'DEAD_LETTERED', isRepeat: false, status: null, version: 0, reason, ...nothing };
}

/** The rows that an applied command wrote. */
async function readEffect(
  db: Connection,
  orderId: string,
  commandId: string,
  { source_partition: partition, source_offset: offset }: RowDataPacket,
): Promise<Pick<ChangeOutcome, 'shipment' | 'returned' | 'refund'>> {
  const of = (columns: string, name: 'shipments' | 'returns'): Promise<RowDataPacket[]> =>
    rowsOf(
      db,
      `SELECT ${columns} FROM orders o JOIN ${name} g ON g.order_key = o.order_key
       WHERE o.order_id = ? AND g.source_partition = ? AND g.source_offset = ?`,
      [uuidToBytes(orderId), partition, offset],
    );
  const [parcel] = await of('g.shipment_no AS no, g.line_units AS units', 'shipments');
  const [back] = await of('g.return_no AS no, g.line_units AS units', 'returns');
  const refundId = refundIdOf(orderId, commandId);
  const [refund] = await rowsOf(db, 'SELECT amount, currency FROM refunds WHERE refund_id = ?', [
    uuidToBytes(refundId),
  ]);
  return {
    shipment: parcel === undefined ? null : { shipment: parcel['no'], lines: JSON.parse(parcel['units']) },
    returned: back === undefined ? null : { return: back['no'], lines: JSON.parse(back['units']) },
    refund:
      refund === undefined
        ? null
        : { refundId, amount: Number(refund['amount']), currency: refund['currency'] },
  };
}

async function rowsOf(
  db: Connection,
  sql: string,
  values: readonly (string | number | Buffer)[],
): Promise<RowDataPacket[]> {
  return (await db.query<RowDataPacket[]>(sql, [...values]))[0];
}
