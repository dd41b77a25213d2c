import type { KafkaBroker } from 'kafkajs/src/types-of-room.js';

/**
 * Ends the connections of a broker object at once and for good: what is in flight is rejected, nothing is waited for.
 * kafkajs's own disconnect waits for answers that may never come, and does not notice a socket that we destroyed.
 */
export function abandonBroker(broker: KafkaBroker, reason: string): void {
  for (const connection of broker.connectionPool.pool) {
    connection.requestQueue.rejectAll(new Error(`connection closed: ${reason}`));
    connection.requestQueue.destroy();
    connection.socket?.destroy();
  }
}
