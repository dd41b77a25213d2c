import type { KafkaBroker } from './library-types.ts';

/**
 * Closes the connections of a broker object at once and permanently. Rejects requests in flight, and prevents a
 * new connection. kafkajs's own disconnect has three faults. It waits for responses that may never arrive. It
 * does not notice a socket that we destroyed. It lets a running retry connect again.
 */
export function forceCloseBroker(broker: KafkaBroker, reason: string): void {
  for (const connection of broker.connectionPool.pool) {
    connection.connect = () => Promise.reject(clientEnded(reason));
    connection.requestQueue.rejectAll(clientEnded(reason));
    connection.requestQueue.destroy();
    connection.connectionStatus = 'disconnected';
    connection.socket?.destroy();
  }
}

/** An error that kafkajs does not retry, because `retriable` is false. */
export function clientEnded(reason: string): Error {
  return Object.assign(new Error(`connection closed: ${reason}`), { retriable: false });
}
