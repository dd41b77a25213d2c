/** Parameters that several operations accept. */
import Type from 'typebox';
import { pageSizeDefault, pageSizeMax } from '../../application/orders/list-orders.ts';
import { type Cursors, cursorPattern, isCursor, type ListPosition } from '../../application/read/cursor.ts';
import { idempotencyKeyPattern } from '../../application/requests/idempotency-key.ts';
import type { Parameter } from '../operation.ts';
import { HttpProblem } from '../problems.ts';
import type { QueryReader } from '../requests/read-request.ts';

export const orderIdParameter: Parameter = {
  in: 'path',
  name: 'id',
  description: 'The order id from an API response.',
  required: true,
  schema: Type.String({ format: 'uuid' }),
};

export const commandIdParameter: Parameter = {
  in: 'path',
  name: 'commandId',
  description: 'The id of the command from an API response.',
  required: true,
  schema: Type.String({ examples: ['ship:4bf92f3577b34da6a3ce929d0e0e4736'] }),
};

export const refundIdParameter: Parameter = {
  in: 'path',
  name: 'refundId',
  description: 'The id of the refund.',
  required: true,
  schema: Type.String({ format: 'uuid' }),
};

export const endpointIdParameter: Parameter = {
  in: 'path',
  name: 'id',
  description: 'The id of the webhook endpoint.',
  required: true,
  schema: Type.String({ examples: ['we_4bf92f3577b34da6a3ce929d0e0e4736'] }),
};

export const ticketParameter: Parameter = {
  in: 'query',
  name: 't',
  description:
    'The ticket from `statusUrl` or a link. It gives access to a queued order or command. A ticket of another one is ignored.',
  required: false,
  schema: Type.String(),
};

export const preferParameter: Parameter = {
  in: 'header',
  name: 'Prefer',
  description:
    '`wait=N` delays the response until the order changes or the command has its outcome. It waits at most N seconds (maximum 30).',
  required: false,
  schema: Type.String({ examples: ['wait=10'] }),
};

export const idempotencyKeyParameter: Parameter = {
  in: 'header',
  name: 'Idempotency-Key',
  description:
    'Permanently identifies this order among your orders: 1–255 visible ASCII characters, bare or quoted. `abc` and `"abc"` are the same key.',
  required: true,
  schema: Type.String({ pattern: idempotencyKeyPattern, examples: ['order-2026-0001'] }),
};

export const commandKeyParameter: Parameter = {
  in: 'header',
  name: 'Idempotency-Key',
  description:
    'Permanently identifies this command among the commands of this route with the same path: 1–255 visible ASCII characters, bare or quoted. Another body with the same key has no effect.',
  required: true,
  schema: Type.String({ pattern: idempotencyKeyPattern, examples: ['parcel-4711'] }),
};

export const traceparentParameter: Parameter = {
  in: 'header',
  name: 'traceparent',
  description: 'W3C Trace Context. The service passes it on to the outcome of the request.',
  required: false,
  schema: Type.String(),
};

/** The position of a page in its list. A well-formed cursor of another list or another secret is a 404. */
export function cursorParameter(): Parameter {
  return {
    in: 'query',
    name: 'cursor',
    description: '`nextCursor` of the previous page. Keep the other parameters unchanged.',
    required: false,
    schema: Type.String({ pattern: cursorPattern }),
  };
}

/** The text of a cursor, or null. `positionOf` checks its list. */
export function readCursor(query: QueryReader): string | null {
  return query.read<string | null>('cursor', null, (text) => {
    if (!isCursor(text)) throw new RangeError('is not a cursor');
    return text;
  });
}

/** The position of a cursor in a list. Throws the problem CURSOR_UNKNOWN for a cursor of another list. */
export function positionOf(cursor: string | null, cursors: Cursors, list: string): ListPosition | null {
  if (cursor === null) return null;
  const position = cursors.read(cursor, list);
  if (position === null) throw new HttpProblem('CURSOR_UNKNOWN');
  return position;
}

/** The size of a page. */
export function limitParameter(description: string): Parameter {
  const schema = Type.Integer({ minimum: 1, maximum: pageSizeMax, default: pageSizeDefault });
  return { in: 'query', name: 'limit', description, required: false, schema };
}

export function readLimit(query: QueryReader): number {
  return query.read('limit', pageSizeDefault, (text) => {
    const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
    if (limit < 1 || limit > pageSizeMax) throw new RangeError(`must be an integer from 1 to ${pageSizeMax}`);
    return limit;
  });
}

export const includeParameter: Parameter = {
  in: 'query',
  name: 'include',
  description:
    '`details` adds data from your request: `idempotencyKey`, `shippingAddress`, `contact` and `metadata`.',
  required: false,
  schema: Type.String({ enum: ['details'] }),
};

/** Whether the request asks for the details of orders. */
export function readInclude(query: QueryReader): boolean {
  return readChoice(query, 'include', ['details']) !== null;
}

const timePattern = '^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$';
const timeForm = new RegExp(timePattern);

/** A time in a query. */
export function timeParameter(name: string, description: string): Parameter {
  const schema = Type.String({
    format: 'date-time',
    pattern: timePattern,
    examples: ['2026-01-05T10:00:00Z'],
  });
  return { in: 'query', name, description, required: false, schema };
}

/** Epoch milliseconds of a time in a query, null without it. */
export function readTime(query: QueryReader, name: string): number | null {
  return query.read<number | null>(name, null, (text) => {
    const ms = timeForm.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
    if (Number.isNaN(ms)) throw new RangeError('must be a time such as 2026-01-05T10:00:00Z (RFC 3339)');
    return ms;
  });
}

/** Reads one of `choices`, or null without the parameter. */
export function readChoice<T extends string>(
  query: QueryReader,
  name: string,
  choices: readonly T[],
): T | null {
  return query.read<T | null>(name, null, (text) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) throw new RangeError(`must be one of ${choices.join(', ')}`);
    return choice;
  });
}
