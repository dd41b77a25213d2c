/**
 * E-mail addresses of orders. Only the order's row holds an address, so that it can be erased. Notification
 * reads it for each use and stores no copy.
 */
import { selectOrders } from '../../orders-db/index.ts';
import { bytesToUuid, type Queryable } from '../../shared/mysql/index.ts';

/** Maximum number of orders in one query. */
const idsMax = 1_000;

export interface Contacts {
  /** The addresses of those orders that still have one. */
  addressesOf(orderIds: readonly string[]): Promise<Map<string, string>>;
  /** The address, or null if the order has none (any more). */
  addressOf(orderId: string): Promise<string | null>;
}

export function createContacts(mysql: Queryable): Contacts {
  return {
    async addressesOf(orderIds) {
      const found = new Map<string, string>();
      for (let from = 0; from < orderIds.length; from += idsMax) {
        const ids = orderIds.slice(from, from + idsMax);
        for (const [id, address] of await read(mysql, ids)) if (address !== null) found.set(id, address);
      }
      return found;
    },
    async addressOf(orderId) {
      return (await read(mysql, [orderId])).get(orderId) ?? null;
    },
  };
}

async function read(mysql: Queryable, orderIds: readonly string[]): Promise<Map<string, string | null>> {
  const rows = await selectOrders(mysql, ['order_id', 'contact'], orderIds);
  return new Map(rows.map((row) => [bytesToUuid(row.order_id), emailOf(row.contact)]));
}

function emailOf(contact: string | null): string | null {
  if (contact === null) return null;
  try {
    const { email } = JSON.parse(contact) as { email?: unknown };
    return typeof email === 'string' && email !== '' ? email : null;
  } catch {
    // A contact that is not valid JSON has no address.
    return null;
  }
}
