/** The `webhooks` section of the OpenAPI document: the requests to an endpoint, and its expected responses. */
import type { TSchema } from 'typebox';
import { testEventType } from '../../../shared/standard-webhooks/index.ts';
import { testEventExample, webhookExample } from '../schemas/examples.ts';
import { EndpointTestEvent, webhookEventOf, webhookEventTypes } from '../schemas/webhook-event.ts';

type Json = { [name: string]: unknown };

const header = (name: string, description: string) => ({
  in: 'header',
  name,
  description,
  required: true,
  schema: { type: 'string' },
});

const parameters = [
  header('webhook-id', 'The same in every attempt. Use it to drop duplicates.'),
  header(
    'webhook-timestamp',
    'Time of the attempt, in Unix seconds. Refuse requests older than five minutes.',
  ),
  header(
    'webhook-signature',
    '`v1,` and the base64 HMAC-SHA256 (Standard Webhooks). Two signatures during a secret rotation.',
  ),
];

const responses = {
  '2XX': {
    description:
      'You received the event. After any other response the delivery is retried for about three days.',
  },
  410: { description: 'You no longer want events. The endpoint is disabled.' },
};

/** One entry per event type. `refer` makes a component of a schema. */
export function webhooksSection(refer: (schema: TSchema) => Json): Json {
  const outcomes = webhookEventTypes.map((type) => [
    type,
    eventSection(type, `The event ${type}`, refer(webhookEventOf(type)), webhookExample(type)),
  ]);
  const test = eventSection(
    testEventType,
    'A test event, which is about no order. It is tried once',
    refer(EndpointTestEvent),
    testEventExample,
  );
  return Object.fromEntries([...outcomes, [testEventType, test]]);
}

function eventSection(type: string, summary: string, schema: Json, example: object): Json {
  return {
    post: {
      operationId: `on:${type}`,
      summary,
      tags: ['Webhooks'],
      security: [],
      parameters,
      requestBody: { required: true, content: { 'application/json': { schema, example } } },
      responses,
    },
  };
}
