/** A copy of the database's tables beside them, to be put back later: what a restore from a backup does. */
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

/** Copies every table under this name. */
export async function copyDatabase({ mysql }: Arena, name: string): Promise<void> {
  for (const table of tables) {
    await mysql.pool.write(
      `CREATE TABLE copy_${name}_${table} AS SELECT ${await columns(mysql, table)} FROM ${table}`,
    );
  }
}

/** Puts a copy back in one transaction, cuts every other connection, and forgets what was written since, halts included. */
export async function putBack(arena: Arena, name: string): Promise<void> {
  const { mysql } = arena;
  await mysql.pool.transaction(async (session) => {
    for (const table of tables) {
      const list = await columns(mysql, table);
      await session.write(`DELETE FROM ${table}`);
      if (table === 'outbox') continue;
      await session.write(`INSERT INTO ${table} (${list}) SELECT ${list} FROM copy_${name}_${table}`);
    }
    // Its trigger writes the log of commits, which was put back already.
    const list = await columns(mysql, 'outbox');
    await session.write(`INSERT INTO outbox (${list}) SELECT ${list} FROM copy_${name}_outbox`);
    await session.write('DELETE FROM outbox_log');
    const logged = await columns(mysql, 'outbox_log');
    await session.write(`INSERT INTO outbox_log (${logged}) SELECT ${logged} FROM copy_${name}_outbox_log`);
    await session.write('DELETE FROM pipeline_halts');
  });
  await cutConnections(arena);
}

/** A server that was stopped, put back and started has no connection of before. */
async function cutConnections({ mysql }: Arena): Promise<void> {
  const rows = await mysql.pool.rows<{ id: number }>(
    'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()',
  );
  // One that has ended by itself meanwhile is as good as cut.
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
