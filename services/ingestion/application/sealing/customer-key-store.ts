/** Keys of customers in MySQL. The first command of a customer creates its key. */
import { errorMessage } from '../../../shared/errors/index.ts';
import type { Logger } from '../../../shared/log/index.ts';
import { nowSql, placeholders, type Queryable } from '../../../shared/mysql/index.ts';
import type { CustomerKey, CustomerKeyRow, KeyWrapper } from '../../../shared/personal-data/index.ts';

export interface KeyStoreDeps {
  readonly db: Queryable;
  readonly wrapper: KeyWrapper;
  readonly log: Logger;
}

/**
 * The keys of these customers, by position. Creates missing ones. A key that this process cannot decrypt is null. Rejects if MySQL is
 * unavailable.
 */
export async function loadCustomerKeys(
  deps: KeyStoreDeps,
  customerIds: readonly string[],
): Promise<(CustomerKey | null)[]> {
  // Two processes may insert the same customers. In one order, they cannot be in each other's way.
  const ids = [...new Set(customerIds)].toSorted();
  const rows = await readRows(deps.db, ids);
  const missing = ids.filter((id) => !rows.has(id));
  if (missing.length > 0) for (const row of await createRows(deps, missing)) rows.set(row.customer_id, row);
  const keys = new Map([...rows].map(([id, row]) => [id, keyOf(deps, row)]));
  return customerIds.map((id) => keys.get(id) ?? null);
}

async function readRows(db: Queryable, ids: readonly string[]): Promise<Map<string, CustomerKeyRow>> {
  const rows = await db.rows<CustomerKeyRow>(
    `SELECT customer_id, key_id, wrapped_key FROM customer_keys WHERE customer_id IN (${placeholders(ids)})`,
    ids,
  );
  return new Map(rows.map((row) => [row.customer_id, row]));
}

/** The rows are committed before a command names their keys. So a worker finds each key that is not erased. */
async function createRows(
  { db, wrapper }: KeyStoreDeps,
  ids: readonly string[],
): Promise<Iterable<CustomerKeyRow>> {
  const created = ids.map((id) => wrapper.create(id));
  const { affectedRows } = await db.write(
    `INSERT IGNORE INTO customer_keys (customer_id, key_id, wrapped_key, created_at_ms)
     VALUES ${created.map(() => `(?, ?, ?, ${nowSql})`).join(', ')}`,
    created.flatMap((row) => [row.customer_id, row.key_id, row.wrapped_key]),
  );
  // Another process has created some of them meanwhile.
  return affectedRows === created.length ? created : (await readRows(db, ids)).values();
}

function keyOf({ wrapper, log }: KeyStoreDeps, row: CustomerKeyRow): CustomerKey | null {
  try {
    return wrapper.read(row);
  } catch (error) {
    // The keys of other customers are still of use.
    log.error({ reason: errorMessage(error) }, 'the key of a customer cannot be decrypted');
    return null;
  }
}
