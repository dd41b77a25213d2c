/** Test events of webhook endpoints. Notification signs and sends them as it sends outcomes, but tries only once. */
import type { Queryable } from '../../../shared/mysql/index.ts';
import { testEventType } from '../../../shared/standard-webhooks/index.ts';

/** An endpoint gets one test event in each period of this length. */
export const testEveryMs = 5_000;

/** A test event is about no order. Each row needs an order id, so it has this one. */
const noOrder = Buffer.alloc(16);

export interface TestEvent {
  readonly eventId: string;
  readonly payload: string;
}

/** The body names the endpoint and no order, so no receiver takes it for one. The id is the same in one period. */
export function testEventOf(endpointId: string, nowMs: number): TestEvent {
  return {
    eventId: `test-${Math.floor(nowMs / testEveryMs)}-${endpointId}`,
    payload: JSON.stringify({
      type: testEventType,
      timestamp: new Date(nowMs).toISOString(),
      data: { endpointId, isTest: true },
    }),
  };
}

/** Time until the next period, in ms: at least 1. */
export function nextTestInMs(nowMs: number): number {
  return testEveryMs - (nowMs % testEveryMs);
}

/** The unique key (event, endpoint) bounds the rate for all instances: a second row of one period is not stored. */
export async function storeTestEvent(
  db: Queryable,
  endpointId: string,
  { eventId, payload }: TestEvent,
  nowMs: number,
): Promise<void> {
  await db.write(
    `INSERT INTO notification_deliveries
       (event_id, endpoint_id, order_id, order_version, event_type, due_at_ms, payload, created_at_ms)
     VALUES (?, ?, ?, 0, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE delivery_id = notification_deliveries.delivery_id`,
    [eventId, endpointId, noOrder, testEventType, nowMs, payload, nowMs],
  );
}
