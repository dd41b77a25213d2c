/**
 * Every problem that the API returns, over HTTP and over gRPC. The `type` of an HTTP problem is the URL of its page. The
 * `reason` of a gRPC error is its code.
 */

export interface ProblemRow {
  /** The HTTP status. */
  readonly status: number;
  readonly title: string;
  /** The meaning and the remedy, for the page and the OpenAPI document. */
  readonly meaning: string;
}

export const problemTable = {
  JSON_INVALID: {
    status: 400,
    title: 'The body is not valid JSON',
    meaning:
      'The body must be UTF-8 JSON with unique member names, exact integers and limited nesting. Unpaired surrogates are refused. The request changed nothing.',
  },
  VALIDATION_FAILED: {
    status: 400,
    title: 'The request does not match its schema',
    meaning:
      '`errors` lists every fault with its JSON pointer or parameter name. The request changed nothing.',
  },
  IDEMPOTENCY_KEY_MISSING: {
    status: 400,
    title: 'The Idempotency-Key is missing',
    meaning:
      'Send the header `Idempotency-Key` with each order, and with each command of an operator. A retry with the same key never has a second effect.',
  },
  IDEMPOTENCY_KEY_INVALID: {
    status: 400,
    title: 'The Idempotency-Key is malformed',
    meaning: 'Send 1–255 visible ASCII characters, either bare or as a quoted string.',
  },
  HEADER_INVALID: {
    status: 400,
    title: 'A request header is malformed',
    meaning: '`detail` names the header and its required format.',
  },
  CALLBACK_UNREADABLE: {
    status: 400,
    title: 'The callback cannot be read',
    meaning: 'The signature is valid, but the body does not have the form of a callback of this provider.',
  },
  MESSAGE_INVALID: {
    status: 400,
    title: 'The message cannot be decoded',
    meaning:
      'Only gRPC: the bytes are not a message of this method, or a field is unknown to this version. The request changed nothing.',
  },
  BAD_REQUEST: {
    status: 400,
    title: 'The request cannot be read as HTTP',
    meaning: 'The message is not well-formed HTTP/1.1. The server closes the connection.',
  },
  UNAUTHORIZED: {
    status: 401,
    title: 'A valid access token is required',
    meaning:
      'Send `Authorization: Bearer <token>`. The token must be signed, unexpired and issued for this API.',
  },
  SIGNATURE_INVALID: {
    status: 401,
    title: 'The signature of the callback is not valid',
    meaning:
      'Sign the exact bytes of the body as Standard Webhooks describes, with a secret that this service knows. The time of the signature may differ by 5 minutes.',
  },
  SCOPE_MISSING: {
    status: 403,
    title: 'The token lacks a required scope',
    meaning: 'The token is valid but lacks the scope that `detail` names. Request a token with this scope.',
  },
  NOT_FOUND: {
    status: 404,
    title: 'The order was not found',
    meaning:
      'No order has this id, or it is not yours. To read a queued order, send its ticket: follow the links in the API responses.',
  },
  COMMAND_NOT_FOUND: {
    status: 404,
    title: 'The command was not found',
    meaning:
      'No decided command has this id. To read a queued command, follow the link in the response that accepted it.',
  },
  REFUND_NOT_FOUND: {
    status: 404,
    title: 'The refund was not found',
    meaning: 'The order has no refund with this id. The list of its refunds has all ids.',
  },
  PROVIDER_UNKNOWN: {
    status: 404,
    title: 'The payment provider was not found',
    meaning: 'This service has no payment provider with this name.',
  },
  CURSOR_UNKNOWN: {
    status: 404,
    title: 'The page was not found',
    meaning:
      'The cursor is well-formed but belongs to another list or to other parameters. Start again at the first page.',
  },
  ENDPOINT_NOT_FOUND: {
    status: 404,
    title: 'The webhook endpoint was not found',
    meaning: 'You have no webhook endpoint with this id.',
  },
  DELIVERY_NOT_FOUND: {
    status: 404,
    title: 'The delivery was not found',
    meaning:
      'None of your webhook endpoints has a delivery with this id. Deleting an endpoint also deletes its deliveries.',
  },
  STOCK_NOT_FOUND: {
    status: 404,
    title: 'The stock was not found',
    meaning: 'There is no stock of this SKU. `orderstream catalogue import` adds products with their stock.',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    title: 'The route was not found',
    meaning: '`/openapi.json` lists all routes.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The route does not support this method',
    meaning: 'The header `Allow` lists the supported methods.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'The request timed out',
    meaning: 'The headers or the body did not arrive in time. The server closes the connection.',
  },
  ENDPOINT_DISABLED: {
    status: 409,
    title: 'The webhook endpoint is disabled',
    meaning:
      'A disabled endpoint receives no events. Fix the cause given in `disabledReason`, then enable the endpoint.',
  },
  ENDPOINT_LIMIT: {
    status: 409,
    title: 'The limit of webhook endpoints is reached',
    meaning: 'You have the maximum number of endpoints. Delete one that you no longer need.',
  },
  NOTHING_TO_PAY: {
    status: 409,
    title: 'The order costs nothing',
    meaning: 'The total of the order is 0, so it needs no payment.',
  },
  NOT_PAYABLE: {
    status: 409,
    title: 'The order cannot be paid now',
    meaning:
      'Only an order with the status PENDING_PAYMENT can be paid, before its `paymentDueAt`. `detail` gives the reason.',
  },
  ORDER_LOST: {
    status: 410,
    title: 'The order was lost',
    meaning:
      'The order was accepted, but the command log was truncated or recreated before it was processed. Nothing was reserved or charged. Place it again: the same key never creates a second order.',
  },
  COMMAND_LOST: {
    status: 410,
    title: 'The command was lost',
    meaning:
      'The command was accepted, but the command log was truncated or recreated before it was processed. It has no effect. Send it again with the same key.',
  },
  VERSION_STALE: {
    status: 412,
    title: 'The version is not the current one',
    meaning:
      'The `If-Match` version is not the current version. Read the resource again, then decide whether to retry.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    meaning:
      'An order may have at most 64 KiB, also within a batch. A batch may have at most 2 MiB. For other bodies, `detail` gives the limit.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'The body must be JSON',
    meaning: 'Send uncompressed UTF-8 with `Content-Type: application/json`.',
  },
  EXPECTATION_FAILED: {
    status: 417,
    title: 'The expectation cannot be met',
    meaning: 'The header `Expect` supports only `100-continue`. Send the request without other expectations.',
  },
  KEY_REUSED: {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    meaning: 'This key was sent before with a different body. Use a new key.',
  },
  RATE_LIMITED: {
    status: 429,
    title: 'The rate limit is exceeded',
    meaning:
      'Wait `Retry-After` seconds, then retry. The headers `RateLimit` and `RateLimit-Policy` show the limit.',
  },
  SHARE_USED_UP: {
    status: 429,
    title: 'You have too many concurrent requests',
    meaning:
      'Each caller has a limit of concurrent waits, streams, reads and uploads. Finish some of them, wait `Retry-After` seconds, then retry.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The headers are too large',
    meaning: 'All headers together may have at most 16 KiB.',
  },
  INTERNAL: {
    status: 500,
    title: 'Internal server error',
    meaning: 'Retry with the same key. A retry never has a second effect.',
  },
  NOT_PRODUCED: {
    status: 503,
    title: 'The request was not accepted',
    meaning: 'The request changed nothing. Retry with the same key. A retry never has a second effect.',
  },
  OUTCOME_UNKNOWN: {
    status: 503,
    title: 'It is unknown whether the request was accepted',
    meaning:
      'The request may have been accepted. Retry with the same key. A retry never has a second effect.',
  },
  OVERLOADED: {
    status: 503,
    title: 'The service is overloaded',
    meaning: 'The request changed nothing. Wait `Retry-After` seconds, then retry with the same key.',
  },
  INTAKE_OFF: {
    status: 503,
    title: 'New orders are not accepted now',
    meaning:
      'An operator has switched the intake of orders off. The request changed nothing. Wait `Retry-After` seconds, then retry with the same key. All other requests work.',
  },
  BATCH_OFF: {
    status: 503,
    title: 'Batches of orders are not accepted now',
    meaning:
      'An operator has switched batches off. The request changed nothing. Place the orders one by one, or wait `Retry-After` seconds, then retry with the same keys.',
  },
  STREAMS_OFF: {
    status: 503,
    title: 'Streams are not opened now',
    meaning:
      'An operator has switched streams off. Poll the order instead, or retry after `Retry-After` seconds.',
  },
  QUOTES_OFF: {
    status: 503,
    title: 'Orders are not quoted now',
    meaning:
      'An operator has switched quotes off. You can still place orders. Retry after `Retry-After` seconds.',
  },
  AUTH_UNAVAILABLE: {
    status: 503,
    title: 'Access tokens cannot be verified now',
    meaning: 'The keys of the token issuer are unavailable. Retry after `Retry-After` seconds.',
  },
  PROVIDER_UNAVAILABLE: {
    status: 503,
    title: 'The payment provider does not respond',
    meaning: 'No payment session was opened. Retry after `Retry-After` seconds.',
  },
  DEADLINE_EXCEEDED: {
    status: 504,
    title: 'The deadline of the call ended',
    meaning:
      'Only gRPC: a read took longer than the deadline of its call. A write whose deadline ends gets NOT_PRODUCED or OUTCOME_UNKNOWN.',
  },
  STATE_UNAVAILABLE: {
    status: 503,
    title: 'The stored state is unavailable now',
    meaning:
      'The data stores do not respond. Everything that was accepted is safe. Retry after `Retry-After` seconds.',
  },
} as const satisfies Record<string, ProblemRow>;

export type ProblemCode = keyof typeof problemTable;

/** URI reference of the page of a problem. It never changes. */
export function problemType(code: ProblemCode): string {
  return `/problems/${code.toLowerCase().replaceAll('_', '-')}`;
}
