import type { KafkaBroker } from 'kafkajs/src/types-of-room.js';

/**
 * Ends the connections of a broker object at once and for good: what is in flight is rejected, nothing is waited for, and
 * whoever still holds the object cannot connect it again. kafkajs's own disconnect waits for answers that may never come,
 * does not notice a socket that we destroyed, and lets a retry that is under way connect anew.
 */
export function abandonBroker(broker: KafkaBroker, reason: string): void {
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
