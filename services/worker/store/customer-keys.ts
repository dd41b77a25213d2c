/** Reads the keys that open sealed commands. */

import { type Answer, rowsOf, type StatementBuffer } from '../../shared/mysql/index.ts';
import type { CustomerKeyRow } from '../../shared/personal-data/index.ts';

/** Writes the read of these keys to the buffer. Returns its index in the script; null without keys. */
export function layOutKeyRead(buffer: StatementBuffer, keyIds: ReadonlySet<string>): number | null {
  if (keyIds.size === 0) return null;
  buffer.begin('SELECT customer_id, key_id, wrapped_key FROM customer_keys WHERE key_id IN (');
  let isFirst = true;
  for (const keyId of keyIds) {
    if (!isFirst) buffer.comma();
    buffer.text(keyId);
    isFirst = false;
  }
  buffer.sql(')');
  return buffer.end();
}

/** The rows of the answer by key id. An erased key has no row. */
export function keyRowsOf(answer: Answer | undefined): Map<string, CustomerKeyRow> {
  return new Map(rowsOf<CustomerKeyRow>(answer).map((row) => [row.key_id, row]));
}
