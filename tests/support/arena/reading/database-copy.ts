/** A copy of the database's tables in the same database. Tests restore it later, like a backup. */
import type { Arena } from '../arena.ts';

const tables = [
  'lane_positions',
  'lane_attempts',
  'orders',
  'order_items',
  'order_history',
  'order_commands',
  'outbox',
  'outbox_log',
  'dead_letters',
  'stock',
] as const;
/** Generated columns cannot be written. */
const columnsOf: Partial<Record<(typeof tables)[number], readonly string[]>> = {};

/** Copies every table with this name in its prefix. */
export async function copyDatabase({ mysql }: Arena, name: string): Promise<void> {
  for (const table of tables) {
    await mysql.pool.write(
      `CREATE TABLE copy_${name}_${table} AS SELECT ${await columns(mysql, table)} FROM ${table}`,
    );
  }
}

/**
 * Restores a copy in one transaction and closes every other connection. Removes all rows that were written
 * since, including halts.
 */
export async function putBack(arena: Arena, name: string): Promise<void> {
  const { mysql } = arena;
  await mysql.pool.transaction(async (session) => {
    for (const table of tables) {
      const list = await columns(mysql, table);
      await session.write(`DELETE FROM ${table}`);
      if (table === 'outbox') continue;
      await session.write(`INSERT INTO ${table} (${list}) SELECT ${list} FROM copy_${name}_${table}`);
    }
    // The trigger of this table writes the log of commits, which is already restored.
    const list = await columns(mysql, 'outbox');
    await session.write(`INSERT INTO outbox (${list}) SELECT ${list} FROM copy_${name}_outbox`);
    await session.write('DELETE FROM outbox_log');
    const logged = await columns(mysql, 'outbox_log');
    await session.write(`INSERT INTO outbox_log (${logged}) SELECT ${logged} FROM copy_${name}_outbox_log`);
    await session.write('DELETE FROM pipeline_halts');
  });
  await cutConnections(arena);
}

/** After a stop, a restore and a start, a server has no old connections. So the copy closes them. */
async function cutConnections({ mysql }: Arena): Promise<void> {
  const rows = await mysql.pool.rows<{ id: number }>(
    'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()',
  );
  // The connection has already ended by itself.
  for (const { id } of rows) await mysql.pool.write(`KILL ${id}`).catch(() => undefined);
}

async function columns({ pool }: Arena['mysql'], table: (typeof tables)[number]): Promise<string> {
  columnsOf[table] ??= (
    await pool.rows<{ name: string }>(
      `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${table}' ` +
        "AND EXTRA NOT LIKE '%GENERATED%' ORDER BY ORDINAL_POSITION",
    )
  ).map(({ name }) => name);
  return columnsOf[table].join(', ');
}
