import type { KafkaBroker } from './library-types.ts';

/**
 * Closes the connections of a broker object at once and for good. Requests in flight are rejected, and nobody can connect the
 * object again. kafkajs's own disconnect waits for responses that may never come, does not notice a socket that we destroyed,
 * and lets a running retry connect again.
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

/** kafkajs asks `retriable` before it tries again. */
export function clientEnded(reason: string): Error {
  return Object.assign(new Error(`connection closed: ${reason}`), { retriable: false });
}
