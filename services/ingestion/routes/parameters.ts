/** Parameters that several operations take, for the OpenAPI document. */
import Type from 'typebox';
import type { Parameter } from '../operation.ts';

export const orderIdParameter: Parameter = {
  in: 'path',
  name: 'id',
  description: 'The order id, as the answers give it.',
  required: true,
  schema: Type.String({ format: 'uuid' }),
};

export const ticketParameter: Parameter = {
  in: 'query',
  name: 't',
  description: 'The ticket out of `statusUrl` or a link; shows an order that is still queued.',
  required: false,
  schema: Type.String({ maxLength: 60 }),
};

export const preferParameter: Parameter = {
  in: 'header',
  name: 'Prefer',
  description: '`wait=N` holds the answer until there is news, for at most N seconds (30 at the most).',
  required: false,
  schema: Type.String({ examples: ['wait=10'] }),
};

export const idempotencyKeyParameter: Parameter = {
  in: 'header',
  name: 'Idempotency-Key',
  description:
    'Names this order among yours for ever: 1–255 visible ASCII characters, bare or as a quoted string.',
  required: true,
  schema: Type.String({ minLength: 1, maxLength: 512, examples: ['order-2026-0001'] }),
};

export const traceparentParameter: Parameter = {
  in: 'header',
  name: 'traceparent',
  description: 'W3C Trace Context; travels with the order to its outcome.',
  required: false,
  schema: Type.String(),
};
