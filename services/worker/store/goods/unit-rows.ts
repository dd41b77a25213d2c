/** Writes the units of order lines that were shipped, cancelled, returned or paid back. */
import type { LineUpdate } from '../../../domain/index.ts';
import { orderKeyOf } from '../../../orders-db/index.ts';
import type { StatementBuffer } from '../../../shared/mysql/index.ts';

/**
 * Writes the update of all changed lines to their last state. Returns its index, or null without changes. It must affect
 * every line.
 */
export function layOutUnits(buffer: StatementBuffer, updates: readonly LineUpdate[]): number | null {
  if (updates.length === 0) return null;
  const rows = updates.map(({ placedAt, lineNo, line }) => {
    const { cancelled = 0, shipped = 0, returned = 0, restocked = 0, refunded = 0 } = line;
    const key = orderKeyOf(placedAt.partition, placedAt.offset);
    return [key, lineNo, cancelled, shipped, returned, restocked, refunded] as const;
  });
  rows.sort(([keyA, lineA], [keyB, lineB]) => keyA - keyB || lineA - lineB);
  buffer.begin('UPDATE JSON_TABLE(');
  buffer.json(rows);
  buffer.sql(
    ", '$[*]' COLUMNS (k BIGINT UNSIGNED PATH '$[0]', n SMALLINT UNSIGNED PATH '$[1]', c INT PATH '$[2]', " +
      "s INT PATH '$[3]', r INT PATH '$[4]', t INT PATH '$[5]', b INT PATH '$[6]')) d " +
      'STRAIGHT_JOIN order_items i ON i.order_key = d.k AND i.line_no = d.n ' +
      'SET i.cancelled = d.c, i.shipped = d.s, i.returned = d.r, i.restocked = d.t, i.refunded = d.b',
  );
  return buffer.end();
}
