/** The `webhooks` section of the OpenAPI document: what is posted to an endpoint, and what it should answer. */
import type { TSchema } from 'typebox';
import { webhookExample } from './shapes/examples.ts';
import { webhookEventOf, webhookEventTypes } from './shapes/webhook-event.ts';

type Json = { [name: string]: unknown };

const header = (name: string, description: string) => ({
  in: 'header',
  name,
  description,
  required: true,
  schema: { type: 'string' },
});

const parameters = [
  header('webhook-id', 'The same in every try: drop what you have seen.'),
  header('webhook-timestamp', 'Time of the try, seconds since 1970. Refuse what is older than five minutes.'),
  header(
    'webhook-signature',
    '`v1,` and base64 of HMAC-SHA256 (Standard Webhooks); two while a secret is replaced.',
  ),
];

const responses = {
  '2XX': { description: 'You have it. Other answers are tried again, for about three days.' },
  410: { description: 'You want no more: the endpoint is disabled.' },
};

/** One entry per event type. `refer` makes a component of a schema. */
export function webhooksSection(refer: (schema: TSchema) => Json): Json {
  return Object.fromEntries(
    webhookEventTypes.map((type) => [
      type,
      {
        post: {
          operationId: `on:${type}`,
          summary: `An event of the type ${type}`,
          tags: ['Webhooks'],
          security: [],
          parameters,
          requestBody: {
            required: true,
            content: {
              'application/json': { schema: refer(webhookEventOf(type)), example: webhookExample(type) },
            },
          },
          responses,
        },
      },
    ]),
  );
}
