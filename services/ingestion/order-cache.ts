/** The status cache in Redis: written by the worker after it has published, primed here after a read of MySQL. */
import type { OrderResource } from '../domain/index.ts';
import { createOrderStatuses, type Redis } from '../shared/redis/index.ts';

export interface OrderCache {
  /** The cached order, `missing`, or `fault` when Redis did not answer properly in time. */
  find(orderId: string): Promise<OrderResource | 'missing' | 'fault'>;
  /** Puts an order there unless a newer version is. Does not wait. */
  prime(order: OrderResource): void;
}

export function createOrderCache({ redis }: { redis: Redis }): OrderCache {
  const statuses = createOrderStatuses({ redis });
  return {
    async find(orderId) {
      const body = await statuses.body(orderId);
      if (body === null || body === '') return 'missing';
      return body === 'fault' ? 'fault' : readBody(body, orderId);
    },
    prime(order) {
      void statuses.write([{ orderId: order.id, version: order.version, body: JSON.stringify(order) }]);
    },
  };
}

/** What is no order of this id counts as a fault: MySQL then tells. */
function readBody(body: string, orderId: string): OrderResource | 'fault' {
  try {
    const order = JSON.parse(body) as OrderResource;
    return order.id === orderId && Number.isInteger(order.version) ? order : 'fault';
  } catch {
    // An outcome: the cache is never the truth.
    return 'fault';
  }
}
