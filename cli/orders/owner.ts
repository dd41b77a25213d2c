/** Whose order it is. */
import { withDatabase } from '../database.ts';
import { CliError } from '../errors.ts';
import { findServers } from '../servers.ts';

/** The customer of a decided order. @throws CliError if there is no such order. */
export async function customerOf(id: string, name: string): Promise<string> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  return withDatabase(mysqlUrl, async (db) => {
    const [rows] = await db.query('SELECT customer_id FROM orders WHERE order_id = UNHEX(?)', [
      id.replaceAll('-', ''),
    ]);
    const customerId = (rows as { customer_id: string }[])[0]?.customer_id;
    if (customerId === undefined) {
      throw new CliError(`there is no decided order ${id}; a queued order needs --customer and --ticket`);
    }
    return customerId;
  });
}
