/** Encrypts the keys of customers that have an older key of the configuration with the newest one. The keys stay the same. */
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { recordAudit } from '../../services/shared/audit/index.ts';
import type { CustomerKeyRow, KeyWrapper } from '../../services/shared/personal-data/index.ts';
import { databaseNowMs } from '../database.ts';
import { auditTargetOf, currentOperator } from '../operator.ts';

export interface ReencryptedKeys {
  changed: number;
  unchanged: number;
  /** Keys that no configured key can decrypt. */
  unreadable: number;
}

const PAGE_ROWS = 500;

/** Walks all keys in pages. A key that is erased meanwhile stays erased. */
export async function reencryptKeys(db: Connection, wrapper: KeyWrapper): Promise<ReencryptedKeys> {
  const result = { changed: 0, unchanged: 0, unreadable: 0 };
  for (let after = ''; ; ) {
    const rows = await readPage(db, after);
    for (const row of rows) result[await reencryptKey(db, wrapper, row)] += 1;
    if (rows.length < PAGE_ROWS) break;
    after = rows.at(-1)!.customer_id;
  }
  if (result.changed > 0) {
    const entry = {
      action: 'customer_keys.reencrypted',
      subjectId: wrapper.newestId!,
      details: result,
    } as const;
    await recordAudit(auditTargetOf(db), currentOperator(), [entry], await databaseNowMs(db));
  }
  return result;
}

async function readPage(db: Connection, after: string): Promise<CustomerKeyRow[]> {
  const [rows] = await db.query<(CustomerKeyRow & RowDataPacket)[]>(
    'SELECT customer_id, key_id, wrapped_key FROM customer_keys WHERE customer_id > ? ORDER BY customer_id LIMIT ?',
    [after, PAGE_ROWS],
  );
  return rows;
}

async function reencryptKey(
  db: Connection,
  wrapper: KeyWrapper,
  row: CustomerKeyRow,
): Promise<keyof ReencryptedKeys> {
  let renewed: CustomerKeyRow | null;
  try {
    renewed = wrapper.renew(row);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'CUSTOMER_KEY_UNREADABLE') return 'unreadable';
    throw error;
  }
  if (renewed === null) return 'unchanged';
  const [{ affectedRows }] = await db.query<ResultSetHeader>(
    'UPDATE customer_keys SET wrapped_key = ? WHERE customer_id = ? AND wrapped_key = ?',
    [renewed.wrapped_key, row.customer_id, row.wrapped_key],
  );
  return affectedRows === 1 ? 'changed' : 'unchanged';
}
