/** Webhook endpoints in memory, without deliveries. Other tests run the SQL statements on the real tables. */
import { appError } from '../../shared/errors/index.ts';
import { testEventOf } from '../application/webhooks/test-event.ts';
import { endpointsPerCustomerMax, type WebhookEndpoint } from '../application/webhooks/webhook-store.ts';
import type { RouteDeps } from '../http/routes/index.ts';

export function createFakeWebhooks(isAway: () => boolean): Pick<RouteDeps, 'webhooks' | 'deliveries'> {
  const rows = new Map<string, WebhookEndpoint & { customerId: string }>();
  const tests = new Set<string>();
  const own = (customerId: string) => [...rows.values()].filter((row) => row.customerId === customerId);
  const find = async (customerId: string, endpointId: string) => {
    if (isAway()) throw appError('MYSQL_TIMEOUT', { timeoutMs: 1 });
    return own(customerId).find((row) => row.endpointId === endpointId) ?? null;
  };
  const change = async (customerId: string, endpointId: string, to: Partial<WebhookEndpoint>) => {
    const row = await find(customerId, endpointId);
    if (row !== null) rows.set(endpointId, { ...row, ...to });
    return row !== null;
  };
  return {
    webhooks: {
      async create({ endpointId, customerId, url, eventTypes, description }, nowMs) {
        if (own(customerId).length >= endpointsPerCustomerMax) return null;
        const fresh = { isEnabled: true, disabledReason: null, pausedAtMs: null, previousUntilMs: null };
        const times = { createdAtMs: nowMs, updatedAtMs: nowMs };
        const row = { endpointId, customerId, url, eventTypes, description, ...fresh, ...times };
        rows.set(endpointId, row);
        return row;
      },
      list: async (customerId) => own(customerId),
      find,
      delete: async ({ customerId, endpointId }) =>
        (await find(customerId, endpointId)) !== null && rows.delete(endpointId),
      rotate: ({ customerId, endpointId }, { previousUntilMs }) =>
        change(customerId, endpointId, { previousUntilMs }),
      enable: ({ customerId, endpointId }) =>
        change(customerId, endpointId, { isEnabled: true, pausedAtMs: null }),
      async update({ customerId, endpointId }, { status, ...members }, ifUpdatedAtMs, nowMs) {
        const row = await find(customerId, endpointId);
        if (row === null || (ifUpdatedAtMs ?? row.updatedAtMs) !== row.updatedAtMs) return false;
        const states =
          status === undefined
            ? {}
            : { isEnabled: status !== 'DISABLED', pausedAtMs: status === 'PAUSED' ? nowMs : null };
        return change(customerId, endpointId, {
          ...members,
          ...states,
          updatedAtMs: Math.max(nowMs, row.updatedAtMs + 1),
        });
      },
    },
    deliveries: {
      list: async () => [],
      find: async () => null,
      redeliver: async () => undefined,
      redeliverRange: async () => ({ count: 0, next: null }),
      async sendTest(endpointId, nowMs) {
        const { eventId, payload } = testEventOf(endpointId, nowMs);
        if (tests.has(eventId)) return null;
        tests.add(eventId);
        return {
          ...{ deliveryId: tests.size, eventId, eventType: 'endpoint.test', payload },
          ...{ orderId: '00000000-0000-0000-0000-000000000000', orderVersion: 0 },
          ...{ status: 'PENDING', attempts: 0, lastStatus: null, lastError: null },
          ...{ dueAtMs: nowMs, createdAtMs: nowMs, deliveredAtMs: null },
        };
      },
    },
  };
}
