import mysql, { type Connection } from 'mysql2/promise';
import type { OrderEvent } from '../../../schemas/index.ts';
import { fields } from '../../../services/notification/config.ts';
import { startNotification } from '../../../services/notification/service.ts';
import { eventOf } from '../../../services/notification/testing/events.ts';
import { testStack } from '../servers/stack.ts';
import { openSubscriberWorld, type Started, type SubscriberWorld, startInProcess } from './subscribers.ts';

/** Notification with its own topics and tables, started in this process or in another one. */
export interface NotificationWorld extends SubscriberWorld {
  readonly db: Connection;
  /** The servers and the receiver's address, as settings of a notification process. */
  readonly env: Readonly<Record<string, string>>;
  start(more?: Readonly<Record<string, string>>): Promise<Started>;
  /** Source offset of the next outcome of partition 0. */
  readonly nextOffset: number;
  /** The next outcome of partition 0, which is not produced yet. */
  nextEvent(): OrderEvent;
  /** Produces the next outcomes of partition 0. Returns the ids of their events. */
  produce(count: number): Promise<string[]>;
}

export async function openNotificationWorld(prefix: string, mysqlUrl: string): Promise<NotificationWorld> {
  const subscribers = await openSubscriberWorld(prefix);
  const db = await mysql.createConnection(mysqlUrl);
  const { kafkaBrokers, schemaRegistryUrl } = testStack();
  const env = {
    KAFKA_BROKERS: kafkaBrokers,
    KAFKA_TOPIC_PREFIX: prefix,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    MYSQL_URL: mysqlUrl,
    WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1',
  };
  let nextOffset = 0;
  const nextEvent = () => eventOf(0, nextOffset++);
  return {
    ...subscribers,
    db,
    env,
    start: (more = {}) => startInProcess(fields, { ...env, INSTANCE_ID: 'n1', ...more }, startNotification),
    get nextOffset() {
      return nextOffset;
    },
    nextEvent,
    async produce(count) {
      const events = Array.from({ length: count }, nextEvent);
      await subscribers.produceEvents(events);
      return events.map(({ eventId }) => eventId);
    },
    async close() {
      await subscribers.close();
      await db.end();
    },
  };
}

/** An endpoint that gets every event of every customer. */
export async function addEndpointForAll(db: Connection, url: string): Promise<void> {
  await db.query(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms)
     VALUES ('all', '*', ?, ?, 1, 1)`,
    [url, `whsec_${Buffer.alloc(24, 1).toString('base64')}`],
  );
}
