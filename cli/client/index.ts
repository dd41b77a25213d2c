/** A typed client of the API. Paths, bodies and responses come from the OpenAPI document. */
import createFetchClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './generated/api.ts';

export type OrderstreamClient = Client<paths>;
type Schemas = components['schemas'];
export type OrderRequest = Schemas['OrderRequest'];
export type Order = Schemas['Order'];
export type WebhookEndpoint = Schemas['WebhookEndpoint'];
export type WebhookEndpointUpdate = Schemas['WebhookEndpointUpdate'];
export type WebhookDelivery = Schemas['WebhookDelivery'];
/** The fields of an order in a list, and of any order with an outcome. */
export type DecidedOrder = Schemas['DecidedOrder'];

export interface ClientOptions {
  /** For example `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  /** Returns the access token of a request. It is called for each request, so that it can renew the token. */
  readonly token: () => string | Promise<string>;
  /** Maximum time from the request to the end of the response, without a requested wait. Default: 10 s. */
  readonly timeoutMs?: number;
}

const timeoutMsDefault = 10_000;

/**
 * Creates the client. Its responses are `{data}` or `{error}`, together with `response`. Only a broken connection
 * or a timeout throws.
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
