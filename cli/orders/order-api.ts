/**
 * What a client needs of the HTTP API to place an order and learn its outcome, and nothing of the services' code.
 * Every answer, and the lack of one, becomes one of a few kinds, so that the sender decides on a kind and not on a status.
 */
import { createHttpClient, type HttpAnswer } from './http-client.ts';

export interface OrderResource {
  id: string;
  version: number;
  status: string;
  currency?: string;
  items?: { sku: string; quantity: number }[];
  reason?: { code: string; message: string };
}

export type PlaceAnswer =
  | {
      kind: 'accepted';
      id: string;
      statusUrl: string;
      replayed: boolean;
      order: OrderResource | null;
      pollAfterMs: number;
    }
  | { kind: 'refused'; status: number; code: string; detail: string }
  | { kind: 'later'; scope: 'caller' | 'everyone'; afterMs: number; why: string }
  | { kind: 'unknown'; why: string };

export type ReadAnswer =
  | { kind: 'order'; order: OrderResource; pollAfterMs: number }
  | { kind: 'refused'; status: number; code: string; detail: string }
  | { kind: 'later'; scope: 'caller' | 'everyone'; afterMs: number; why: string }
  | { kind: 'unknown'; why: string };

export interface OrderApi {
  place(input: { customerId: string; idempotencyKey: string; order: unknown }): Promise<PlaceAnswer>;
  /** `url`: absolute, or a path below the base URL, as links and status URLs come. */
  read(input: { customerId: string; url: string }): Promise<ReadAnswer>;
}

export interface OrderApiDeps {
  baseUrl: string;
  /** A bearer token of this customer with orders:write and orders:read. */
  tokenFor(customerId: string): Promise<string> | string;
  requestTimeoutMs?: number;
}

const RETRY_AFTER_DEFAULT_MS = 1000;
const RETRY_AFTER_MAX_MS = 30_000;

/** A client of the API at `baseUrl`. It never throws for what a server answers or fails to answer. */
export function createOrderApi({ baseUrl, tokenFor, requestTimeoutMs = 10_000 }: OrderApiDeps): OrderApi {
  const request = createHttpClient();
  const call = async (
    customerId: string,
    url: string,
    init: { method: string; key?: string; body?: string },
  ) => {
    const headers: Record<string, string> = { authorization: `Bearer ${await tokenFor(customerId)}` };
    if (init.body !== undefined) headers['content-type'] = 'application/json';
    if (init.key !== undefined) headers['idempotency-key'] = keyHeader(init.key);
    const { method, body } = init;
    const response = await request({
      method,
      url: new URL(url, baseUrl),
      headers,
      body,
      timeoutMs: requestTimeoutMs,
    });
    return { response, body: parseBody(response.text) };
  };

  return {
    async place({ customerId, idempotencyKey, order }) {
      try {
        const init = { method: 'POST', key: idempotencyKey, body: JSON.stringify(order) };
        const { response, body } = await call(customerId, '/v1/orders', init);
        return placeAnswer(response, body);
      } catch (error) {
        return { kind: 'unknown', why: whyNoAnswer(error) };
      }
    },
    async read({ customerId, url }) {
      try {
        const { response, body } = await call(customerId, url, { method: 'GET' });
        if (response.status !== 200) return problemAnswer(response, body);
        const order = asOrder(body);
        if (order === null) return { kind: 'unknown', why: 'the answer is not an order' };
        return { kind: 'order', order, pollAfterMs: retryAfterMs(response) };
      } catch (error) {
        return { kind: 'unknown', why: whyNoAnswer(error) };
      }
    },
  };
}

/** A quoted structured-field string: the form that every key of 1 to 255 visible characters fits in. */
function keyHeader(key: string): string {
  return `"${key.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function placeAnswer(response: HttpAnswer, body: unknown): PlaceAnswer {
  if (response.status !== 200 && response.status !== 202) return problemAnswer(response, body);
  const { id, statusUrl, links } = (body ?? {}) as {
    id?: unknown;
    statusUrl?: unknown;
    links?: { self?: unknown };
  };
  const location = response.header('location') ?? statusUrl ?? links?.self;
  if (typeof id !== 'string') return { kind: 'unknown', why: 'the answer names no order id' };
  const order = asOrder(body);
  return {
    kind: 'accepted',
    id,
    statusUrl: typeof location === 'string' ? location : `/v1/orders/${id}`,
    replayed: response.header('idempotent-replayed') === 'true',
    order: order !== null && order.status !== 'QUEUED' ? order : null,
    pollAfterMs: retryAfterMs(response),
  };
}

function problemAnswer(response: HttpAnswer, body: unknown): Exclude<PlaceAnswer, { kind: 'accepted' }> {
  const { code, title, detail } = (body ?? {}) as { code?: unknown; title?: unknown; detail?: unknown };
  const codeText = typeof code === 'string' ? code : `HTTP ${response.status}`;
  const detailText =
    typeof detail === 'string' ? detail : typeof title === 'string' ? title : `HTTP ${response.status}`;
  // 409: the first request under this key is still on its way to the log. 408 and 425 ask for the same request again.
  if (response.status === 429 || response.status === 409) {
    return { kind: 'later', scope: 'caller', afterMs: retryAfterMs(response), why: codeText };
  }
  if (response.status === 503) {
    return { kind: 'later', scope: 'everyone', afterMs: retryAfterMs(response), why: codeText };
  }
  if (response.status >= 500 || response.status === 408 || response.status === 425) {
    return { kind: 'unknown', why: codeText };
  }
  return { kind: 'refused', status: response.status, code: codeText, detail: detailText };
}

/** Retry-After in milliseconds; seconds or a date (RFC 9110, 10.2.3), within bounds. */
function retryAfterMs(response: HttpAnswer): number {
  const text = response.header('retry-after');
  if (text === null) return RETRY_AFTER_DEFAULT_MS;
  const ms = /^[0-9]+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS) : RETRY_AFTER_DEFAULT_MS;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's HTML page, or nothing: the status decides.
    return null;
  }
}

function asOrder(body: unknown): OrderResource | null {
  const order = body as Partial<OrderResource> | null;
  if (typeof order?.id !== 'string' || typeof order.status !== 'string' || typeof order.version !== 'number')
    return null;
  return order as OrderResource;
}

function whyNoAnswer(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string')
    return cause.code;
  return cause instanceof Error ? cause.name : String(cause);
}
