/** Encrypts the webhook secrets that are in clear text or have an older key with the newest key. */
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { recordAudit } from '../../services/shared/audit/index.ts';
import { keyIdOf, type SecretBox } from '../../services/shared/secrets/index.ts';
import { auditTargetOf, currentOperator } from '../operator.ts';

export interface Reencrypted {
  changed: number;
  unchanged: number;
  /** Endpoints whose secret cannot be decrypted with the configured keys. */
  unreadable: string[];
}

const PAGE_ROWS = 500;

interface SecretRow {
  endpoint_id: string;
  customer_id: string;
  secret: string;
  previous_secret: string | null;
}

/**
 * Walks all endpoints in pages. A row that changes meanwhile is skipped, because it already has the newest key.
 * `dryRun` only counts.
 */
export async function reencrypt(db: Connection, box: SecretBox, dryRun: boolean): Promise<Reencrypted> {
  const result: Reencrypted = { changed: 0, unchanged: 0, unreadable: [] };
  for (let after = ''; ; ) {
    const rows = await readPage(db, after);
    for (const row of rows) {
      const next = sealedAnew(row, box);
      if (next === 'unreadable') result.unreadable.push(row.endpoint_id);
      else if (next === null) result.unchanged += 1;
      else if (dryRun || (await replace(db, row, next))) result.changed += 1;
    }
    if (rows.length < PAGE_ROWS) break;
    after = rows.at(-1)!.endpoint_id;
  }
  if (!dryRun && result.changed > 0) await note(db, box, result);
  return result;
}

async function readPage(db: Connection, after: string): Promise<SecretRow[]> {
  const [rows] = await db.query<(SecretRow & RowDataPacket)[]>(
    'SELECT endpoint_id, customer_id, secret, previous_secret FROM webhook_endpoints WHERE endpoint_id > ? ORDER BY endpoint_id LIMIT ?',
    [after, PAGE_ROWS],
  );
  return rows;
}

type Secrets = Pick<SecretRow, 'secret' | 'previous_secret'>;

/** The secrets under the newest key. Null if both already have it. */
function sealedAnew(row: SecretRow, box: SecretBox): Secrets | 'unreadable' | null {
  const owner = { endpointId: row.endpoint_id, customerId: row.customer_id };
  const seal = (stored: string) =>
    keyIdOf(stored) === box.newestKeyId ? stored : box.seal(box.open(stored, owner), owner);
  try {
    const secret = seal(row.secret);
    const previous = row.previous_secret === null ? null : seal(row.previous_secret);
    if (secret === row.secret && previous === row.previous_secret) return null;
    return { secret, previous_secret: previous };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'SECRET_UNREADABLE') return 'unreadable';
    throw error;
  }
}

async function replace(db: Connection, row: SecretRow, next: Secrets): Promise<boolean> {
  const [{ affectedRows }] = await db.query<ResultSetHeader>(
    `UPDATE webhook_endpoints SET secret = ?, previous_secret = ?
     WHERE endpoint_id = ? AND secret = ? AND previous_secret <=> ?`,
    [next.secret, next.previous_secret, row.endpoint_id, row.secret, row.previous_secret],
  );
  return affectedRows === 1;
}

async function note(db: Connection, box: SecretBox, { changed, unreadable }: Reencrypted): Promise<void> {
  const details = { endpoints: changed, unreadable: unreadable.length };
  const entry = { action: 'secrets.reencrypted', subjectId: box.newestKeyId!, details } as const;
  await recordAudit(auditTargetOf(db), currentOperator(), [entry], Date.now());
}
