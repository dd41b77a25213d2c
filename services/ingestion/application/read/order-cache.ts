/**
 * The status cache in Redis. The worker writes it after publishing, and ingestion primes it after a read of MySQL.
 */
import { type OrderResource, orderStatuses } from '../../../domain/index.ts';
import { createOrderStatuses, type Redis } from '../../../shared/redis/index.ts';

export interface OrderCache {
  /** The cached order, `missing`, or `fault` when Redis did not answer properly in time. */
  find(orderId: string): Promise<OrderResource | 'missing' | 'fault'>;
  /** Caches an order unless the cache has a newer version. Does not wait. */
  prime(order: OrderResource): void;
}

export function createOrderCache({ redis }: { redis: Redis }): OrderCache {
  const cached = createOrderStatuses({ redis });
  return {
    async find(orderId) {
      const body = await cached.body(orderId);
      if (body === null || body === '') return 'missing';
      return body === 'fault' ? 'fault' : readBody(body, orderId);
    },
    prime(order) {
      void cached.write([{ orderId: order.id, version: order.version, body: JSON.stringify(order) }]);
    },
  };
}

/** An entry that is not an order with this id counts as a failure: MySQL is read instead. */
function readBody(body: string, orderId: string): OrderResource | 'fault' {
  try {
    const order = JSON.parse(body) as Partial<OrderResource> | null;
    return isOrder(order, orderId) ? order : 'fault';
  } catch {
    // Invalid JSON is no error here: the caller reads MySQL instead.
    return 'fault';
  }
}

const statuses: ReadonlySet<unknown> = new Set(orderStatuses);

/**
 * Checks every member that a response needs. Without this check, a response could show a partial order. A worker of the
 * version before caches no money.
 */
function isOrder(order: Partial<OrderResource> | null, orderId: string): order is OrderResource {
  return (
    typeof order === 'object' &&
    order?.id === orderId &&
    isCount(order.version) &&
    order.version > 0 &&
    statuses.has(order.status) &&
    [order.customerId, order.currency, order.createdAt, order.updatedAt].every(isText) &&
    Array.isArray(order.items) &&
    order.items.every((item) => isText(item?.sku) && isCount(item.quantity)) &&
    typeof order.totals === 'object' &&
    isCount(order.totals?.total) &&
    isCount(order.money?.refundPending) &&
    isCount(order.units?.shipped)
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
