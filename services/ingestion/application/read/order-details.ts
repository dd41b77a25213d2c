/** The details that a customer sent with an order. They are personal data: only the owner reads them, and no cache keeps them. */
import { bytesToUuid, placeholders, type Queryable, uuidToBytes } from '../../../shared/mysql/index.ts';

/** The details as the order request had them. A member is absent if the request did not have it. */
export interface OrderDetails {
  readonly idempotencyKey: string;
  readonly shippingAddress?: object;
  readonly contact?: object;
  readonly metadata?: object;
}

interface DetailsRow {
  order_id: Buffer;
  idempotency_key: string;
  shipping_address: string | null;
  contact: string | null;
  metadata: string | null;
}

/** The details of the customer's orders among `orderIds`, by order id. Rejects if MySQL is unavailable. */
export async function readOrderDetails(
  db: Queryable,
  customerId: string,
  orderIds: readonly string[],
): Promise<Map<string, OrderDetails>> {
  if (orderIds.length === 0) return new Map();
  const rows = await db.rows<DetailsRow>(
    `SELECT order_id, idempotency_key, shipping_address, contact, metadata FROM orders
     WHERE order_id IN (${placeholders(orderIds)}) AND customer_id = ?`,
    [...orderIds.map(uuidToBytes), customerId],
  );
  return new Map(rows.map((row) => [bytesToUuid(row.order_id), detailsOf(row)]));
}

function detailsOf(row: DetailsRow): OrderDetails {
  const shippingAddress = documentOf(row.shipping_address);
  const contact = documentOf(row.contact);
  const metadata = documentOf(row.metadata);
  return {
    idempotencyKey: row.idempotency_key,
    ...(shippingAddress === null ? {} : { shippingAddress }),
    ...(contact === null ? {} : { contact }),
    ...(metadata === null ? {} : { metadata }),
  };
}

/** A stored document without its null members. Null if there is no document, or if it was erased. */
function documentOf(text: string | null): object | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
  } catch {
    // Invalid text is no error here: an operator may have erased personal data by hand.
    return null;
  }
}
