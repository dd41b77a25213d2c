/** A typed client of the API: the paths, bodies and answers come from the OpenAPI document. */
import createFetchClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './generated/api.ts';

export type OrderstreamClient = Client<paths>;
type Schemas = components['schemas'];
export type OrderRequest = Schemas['OrderRequest'];
export type Order = Schemas['Order'];
/** What a list has, and an order once it has an outcome. */
export type DecidedOrder = Schemas['DecidedOrder'];

export interface ClientOptions {
  /** Such as `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  /** The access token of each request; asked for each time, so that it may be renewed. */
  readonly token: () => string | Promise<string>;
  /** From sending to the whole answer, an asked-for wait not included. Default 10 s. */
  readonly timeoutMs?: number;
}

const timeoutMsDefault = 10_000;

/**
 * The client. Answers come as `{data}` or `{error}` with `response` beside them; only a broken connection or the
 * timeout throws.
 */
export function createOrderstreamClient({
  baseUrl,
  token,
  timeoutMs = timeoutMsDefault,
}: ClientOptions): OrderstreamClient {
  const client = createFetchClient<paths>({ baseUrl });
  client.use({
    async onRequest({ request }) {
      const headers = new Headers(request.headers);
      headers.set('authorization', `Bearer ${await token()}`);
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs + waitMsOf(headers))]);
      return new Request(request, { headers, signal });
    },
  });
  return client;
}

function waitMsOf(headers: Headers): number {
  return Number(/wait=(\d+)/.exec(headers.get('prefer') ?? '')?.[1] ?? 0) * 1000;
}
