/** Every problem that the API answers with. The page of each is served at its `type`. */

export interface ProblemRow {
  readonly status: number;
  readonly title: string;
  /** What it means and what to do, for the page and the OpenAPI document. */
  readonly meaning: string;
}

export const problemTable = {
  JSON_INVALID: {
    status: 400,
    title: 'The body is not acceptable JSON',
    meaning:
      'The body is not valid JSON, or names a member twice, holds an unpaired surrogate, invalid UTF-8, a number that is not an exact integer, or nests too deep. Nothing was placed.',
  },
  VALIDATION_FAILED: {
    status: 400,
    title: 'The request does not fit its schema',
    meaning: 'Every fault is listed in `errors` with a JSON pointer. Nothing was placed.',
  },
  IDEMPOTENCY_KEY_MISSING: {
    status: 400,
    title: 'The Idempotency-Key is missing',
    meaning:
      'Placing an order needs the field `Idempotency-Key`, so that a retry can never make a second order.',
  },
  IDEMPOTENCY_KEY_INVALID: {
    status: 400,
    title: 'The Idempotency-Key is malformed',
    meaning: 'Send 1–255 visible ASCII characters, bare or as a quoted string.',
  },
  HEADER_INVALID: {
    status: 400,
    title: 'A request header is malformed',
    meaning: '`detail` names the header and the form it must have.',
  },
  BAD_REQUEST: {
    status: 400,
    title: 'The request cannot be read as HTTP',
    meaning: 'The message is not well-formed HTTP/1.1. The connection is closed.',
  },
  UNAUTHORIZED: {
    status: 401,
    title: 'A valid access token is needed',
    meaning:
      'Send `Authorization: Bearer <token>` with a token that is signed, current and meant for this API.',
  },
  SCOPE_MISSING: {
    status: 403,
    title: 'The token does not allow this',
    meaning: 'The token is valid but lacks the scope that `detail` names.',
  },
  NOT_FOUND: {
    status: 404,
    title: 'There is no such order',
    meaning:
      'No order of yours has this id. An order that is still queued is shown only to who brings its ticket: follow the links that the answers carry.',
  },
  CURSOR_UNKNOWN: {
    status: 404,
    title: 'There is no such page',
    meaning:
      'The cursor has the right form but belongs to no list of yours, or to one with other parameters. Begin at the first page.',
  },
  ENDPOINT_NOT_FOUND: {
    status: 404,
    title: 'There is no such webhook endpoint',
    meaning: 'No webhook endpoint of yours has this id.',
  },
  DELIVERY_NOT_FOUND: {
    status: 404,
    title: 'There is no such delivery',
    meaning:
      'No webhook endpoint of yours has a delivery of this id. Those of a deleted endpoint are gone with it.',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    title: 'There is no such route',
    meaning: 'See /openapi.json for the routes.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The route does not take this method',
    meaning: 'The field `Allow` lists the methods that it takes.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'The request came too slowly',
    meaning: 'Headers or body did not arrive in time. The connection is closed.',
  },
  ENDPOINT_DISABLED: {
    status: 409,
    title: 'The webhook endpoint is disabled',
    meaning: 'Nothing is sent to it. Enable it first; its `disabledReason` says what went wrong.',
  },
  ENDPOINT_LIMIT: {
    status: 409,
    title: 'There are too many webhook endpoints',
    meaning: 'You have as many as there may be. Delete one that you no longer need.',
  },
  ORDER_LOST: {
    status: 410,
    title: 'The order is no longer there',
    meaning:
      'The order was accepted, but the log was cut or made anew before it was decided. Nothing was reserved or charged. Place it again; the same key can never make a second order.',
  },
  VERSION_STALE: {
    status: 412,
    title: 'The order has another version',
    meaning: 'The `If-Match` version is not the current one. Read the order again and decide anew.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    meaning: 'An order may have 64 KiB, in a batch too. A batch may have 2 MiB.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'The body must be JSON',
    meaning: 'Send `Content-Type: application/json` in UTF-8, not compressed.',
  },
  KEY_REUSED: {
    status: 422,
    title: 'The Idempotency-Key was used for another order',
    meaning: 'The same key came before with another body. Use a new key for a new order.',
  },
  RATE_LIMITED: {
    status: 429,
    title: 'Too many orders',
    meaning: 'Wait for `Retry-After` seconds. The fields `RateLimit` and `RateLimit-Policy` tell the limit.',
  },
  SHARE_USED_UP: {
    status: 429,
    title: 'You have too much open at once',
    meaning:
      'One caller may have a share of what the service can hold: waits, streams, reads, bodies that are on their way. Let some of yours end, wait for `Retry-After` seconds, then ask again.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The headers are too large',
    meaning: 'All headers may have 16 KiB together.',
  },
  INTERNAL: {
    status: 500,
    title: 'Something went wrong on our side',
    meaning: 'Retry with the same key; that can never make a second order.',
  },
  NOT_PRODUCED: {
    status: 503,
    title: 'The order was not taken in',
    meaning:
      'The order was certainly not placed. Retry with the same key, which can never make a second order.',
  },
  OUTCOME_UNKNOWN: {
    status: 503,
    title: 'Whether the order was taken in is unknown',
    meaning: 'It may have been placed. Retry with the same key, which can never make a second order.',
  },
  OVERLOADED: {
    status: 503,
    title: 'The service is busy',
    meaning: 'Nothing was placed. Wait for `Retry-After` seconds, then retry with the same key.',
  },
  AUTH_UNAVAILABLE: {
    status: 503,
    title: 'Tokens cannot be checked now',
    meaning: 'The keys of the token issuer cannot be read. Ask again after `Retry-After` seconds.',
  },
  STATE_UNAVAILABLE: {
    status: 503,
    title: 'The state cannot be told now',
    meaning: 'The stores do not answer. The order is safe; ask again after `Retry-After` seconds.',
  },
} as const satisfies Record<string, ProblemRow>;

export type ProblemCode = keyof typeof problemTable;

/** URI reference of a problem's page, the same for ever. */
export function problemType(code: ProblemCode): string {
  return `/problems/${code.toLowerCase().replaceAll('_', '-')}`;
}
