/**
 * Places orders and reads their outcomes over the HTTP API, only with the typed client. Every response, or its
 * absence, becomes one of a few kinds. So the sender decides by kind and not by status.
 */
import { createOrderstreamClient, type Order, type OrderRequest } from '../client/index.ts';
import { CliError } from '../errors.ts';

export type OrderResource = Order;

export interface PlaceInput {
  readonly idempotencyKey: string;
  /** The order request; the API validates it. */
  readonly order: Record<string, unknown>;
}

interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}
/** The outcome is unknown, or the server requests a retry. The client may send the same request again. */
type Again =
  | {
      readonly kind: 'later';
      readonly scope: 'caller' | 'everyone';
      readonly afterMs: number;
      readonly why: string;
    }
  | { readonly kind: 'unknown'; readonly why: string };

export type PlaceAnswer =
  | {
      readonly kind: 'accepted';
      readonly id: string;
      readonly statusUrl: string;
      readonly replayed: boolean;
      /** True if the order already has its outcome. */
      readonly isDecided: boolean;
    }
  | Refused
  | Again;
/** `results` has one entry per order, in order. */
export type BatchAnswer =
  | { readonly kind: 'answered'; readonly results: readonly PlaceAnswer[] }
  | Refused
  | Again;
export type ReadAnswer = { readonly kind: 'order'; readonly order: OrderResource } | Refused | Again;
export type ListAnswer =
  | { readonly kind: 'page'; readonly orders: readonly OrderResource[]; readonly nextCursor: string | null }
  | Refused
  | Again;

export interface OrderApi {
  /** Places up to 500 orders of one customer in one request. */
  placeAll(customerId: string, orders: readonly PlaceInput[]): Promise<BatchAnswer>;
  /** Reads the order of a status URL. Waits at most `waitSeconds` for the outcome of a queued order. */
  read(customerId: string, statusUrl: string, waitSeconds: number): Promise<ReadAnswer>;
  /** One page of the customer's decided orders, newest first. */
  list(customerId: string, cursor: string | null): Promise<ListAnswer>;
}

export interface OrderApiDeps {
  baseUrl: string;
  /** A bearer token of this customer with orders:write and orders:read. */
  tokenFor(customerId: string): Promise<string> | string;
  requestTimeoutMs?: number;
}

const RETRY_AFTER_DEFAULT_MS = 1000;
const RETRY_AFTER_MAX_MS = 30_000;
const PAGE_ORDERS = 100;

/**
 * A client of the API at `baseUrl`. It never throws because of a response or a missing response. It only throws the
 * CliErrors of `tokenFor`.
 */
export function createOrderApi({ baseUrl, tokenFor, requestTimeoutMs = 10_000 }: OrderApiDeps): OrderApi {
  const clientOf = (customerId: string) =>
    createOrderstreamClient({ baseUrl, token: () => tokenFor(customerId), timeoutMs: requestTimeoutMs });

  return {
    placeAll: (customerId, orders) =>
      told(async () => {
        const body = {
          orders: orders.map(({ idempotencyKey, order }) => ({
            idempotencyKey,
            order: order as unknown as OrderRequest,
          })),
        };
        const { data, error, response } = await clientOf(customerId).POST('/v1/orders/batch', { body });
        if (data === undefined) return problemAnswer(response, error);
        if (data.items.length !== orders.length) return unknown('the response has another number of results');
        return { kind: 'answered', results: data.items.map((item) => itemAnswer(item, response)) };
      }),
    read: (customerId, statusUrl, waitSeconds) =>
      told(async () => {
        const { pathname, searchParams } = new URL(statusUrl, baseUrl);
        const t = searchParams.get('t');
        const path = { id: pathname.split('/').at(-1)! };
        const header = waitSeconds > 0 ? { Prefer: `wait=${waitSeconds}` } : {};
        const params = { path, header, ...(t === null ? {} : { query: { t } }) };
        const { data, error, response } = await clientOf(customerId).GET('/v1/orders/{id}', { params });
        if (data === undefined) return problemAnswer(response, error);
        return isOrder(data) ? { kind: 'order', order: data } : unknown('the response is not an order');
      }),
    list: (customerId, cursor) =>
      told(async () => {
        const query = { limit: PAGE_ORDERS, ...(cursor === null ? {} : { cursor }) };
        const { data, error, response } = await clientOf(customerId).GET('/v1/orders', { params: { query } });
        if (data === undefined) return problemAnswer(response, error);
        if (!Array.isArray(data.items)) return unknown('the response is not a list of orders');
        return { kind: 'page', orders: data.items.filter(isOrder), nextCursor: data.nextCursor ?? null };
      }),
  };
}

type BatchItemResult = {
  status: number;
  id?: string;
  statusUrl?: string;
  replayed?: boolean;
  problem?: object;
};

function itemAnswer(item: BatchItemResult, response: Response): PlaceAnswer {
  const { status, id, statusUrl, replayed = false } = item;
  if (status !== 200 && status !== 202) return problemAnswer(response, item.problem, status);
  if (typeof id !== 'string') return unknown('the response has no order id');
  return {
    kind: 'accepted',
    id,
    statusUrl: statusUrl ?? `/v1/orders/${id}`,
    replayed,
    isDecided: status === 200,
  };
}

function problemAnswer(response: Response, body: unknown, status = response.status): Refused | Again {
  const { code, title, detail } = (body ?? {}) as { code?: unknown; title?: unknown; detail?: unknown };
  const codeText = typeof code === 'string' ? code : `HTTP ${status}`;
  const detailText =
    typeof detail === 'string' ? detail : typeof title === 'string' ? title : `HTTP ${status}`;
  // 409 means that the first request with this key is not in the log yet. 408 and 425 request a retry.
  if (status === 429 || status === 409) {
    return {
      kind: 'later',
      scope: 'caller',
      afterMs: retryAfterMs(response.headers.get('retry-after')),
      why: codeText,
    };
  }
  if (status === 503) {
    return {
      kind: 'later',
      scope: 'everyone',
      afterMs: retryAfterMs(response.headers.get('retry-after')),
      why: codeText,
    };
  }
  if (status >= 500 || status === 408 || status === 425) return unknown(codeText);
  return { kind: 'refused', status, code: codeText, detail: detailText };
}

/** `Retry-After` in milliseconds, within bounds. The field has seconds or a date (RFC 9110, 10.2.3). */
export function retryAfterMs(text: string | null): number {
  if (text === null) return RETRY_AFTER_DEFAULT_MS;
  const ms = /^[0-9]+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS) : RETRY_AFTER_DEFAULT_MS;
}

function isOrder(body: unknown): body is OrderResource {
  const order = body as Partial<OrderResource> | null;
  return (
    typeof order?.id === 'string' && typeof order.status === 'string' && typeof order.version === 'number'
  );
}

function unknown(why: string): Again {
  return { kind: 'unknown', why };
}

/** Converts a missing response, or a response that is not JSON, to the kind `unknown`. */
async function told<T>(ask: () => Promise<T | Again>): Promise<T | Again> {
  try {
    return await ask();
  } catch (error) {
    // There was no token, so no request was sent.
    if (error instanceof CliError) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const { code } = (cause ?? {}) as { code?: unknown };
    if (typeof code === 'string') return unknown(code);
    return unknown(cause instanceof Error ? cause.name : String(cause));
  }
}
