/** Sends a test event to a webhook endpoint. */
import { nextTestInMs, testEveryMs } from '../../../application/webhooks/test-event.ts';
import { bodyProblems, type Operation } from '../../operation.ts';
import { HttpProblem } from '../../problems.ts';
import { WebhookDelivery } from '../../schemas/webhook.ts';
import { atDatabase, databaseTime } from '../at-database.ts';
import { endpointIdParameter } from '../parameters.ts';
import type { Route, RouteDeps } from '../route.ts';
import { deliveryResource } from './webhook-deliveries.ts';
import { endpointIdOf, findEndpoint, sendJson } from './webhook-responses.ts';

export const testWebhookOperation: Operation = {
  id: 'testWebhookEndpoint',
  method: 'POST',
  url: '/v1/webhook-endpoints/:id/test',
  summary: 'Send a test event to a webhook endpoint',
  description: `The event has the type \`endpoint.test\`, whatever the filter of the endpoint. It is signed and delivered as any other, but tried once. A failure does not disable the endpoint. One test event is allowed every ${testEveryMs / 1000} seconds. The list of deliveries shows its result.`,
  scope: 'webhooks:manage',
  admissionClass: 'read',
  charge: 'order',
  parameters: [endpointIdParameter],
  responses: { 202: { description: 'The delivery of the test event.', schema: WebhookDelivery } },
  problems: [...bodyProblems, 'ENDPOINT_NOT_FOUND', 'ENDPOINT_DISABLED', 'RATE_LIMITED', 'STATE_UNAVAILABLE'],
};

export function testWebhook(deps: RouteDeps): Route {
  return {
    operation: testWebhookOperation,
    async handler(request, reply) {
      const { customerId } = request.caller;
      const { endpointId, isEnabled, pausedAtMs } = await findEndpoint(deps, request, endpointIdOf(request));
      if (!isEnabled) throw new HttpProblem('ENDPOINT_DISABLED');
      if (pausedAtMs !== null) {
        throw new HttpProblem(
          'ENDPOINT_DISABLED',
          'The endpoint is paused, so the test event would wait. Resume the endpoint first.',
        );
      }
      const nowMs = await databaseTime(deps, customerId);
      const delivery = await atDatabase(deps, customerId, () => deps.deliveries.sendTest(endpointId, nowMs));
      if (delivery === null) throw tooSoon(nowMs);
      return sendJson(reply, 202, deliveryResource(delivery));
    },
  };
}

function tooSoon(nowMs: number): HttpProblem {
  const detail = `An endpoint gets one test event every ${testEveryMs / 1000} seconds.`;
  const headers = { 'retry-after': String(Math.ceil(nextTestInMs(nowMs) / 1000)) };
  return new HttpProblem('RATE_LIMITED', detail, { headers });
}
