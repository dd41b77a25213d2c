/** The two protocols behind one interface, so that one table of situations can test both. */
import { decidedStatuses } from '../../domain/index.ts';
import { OrderStatus } from '../grpc/generated/orderstream/v1/orders_pb.ts';
import { type FakeOptions, fakeTokens } from './fake-world.ts';
import { type CallError, openFakeGrpc } from './grpc-client.ts';

/** What a client learns from an answer, whatever the protocol. */
export type Answer =
  | { readonly id: string; readonly status: string; readonly version: number; readonly replayed: boolean }
  | { readonly problem: string; readonly retry: boolean; readonly faults: readonly string[] };

export interface SampleOrder {
  readonly currency: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
  readonly shippingAddress: Readonly<Record<'name' | 'line1' | 'city' | 'postalCode' | 'country', string>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Asked {
  /** Null: no token. Default: the customer `c1`. */
  readonly token?: string | null;
  readonly waitSeconds?: number;
}

export interface Door {
  readonly world: Awaited<ReturnType<typeof openFakeGrpc>>;
  place(key: string | null, order: SampleOrder, asked?: Asked): Promise<Answer>;
  /** The results by position. */
  batch(orders: readonly { readonly key: string; readonly order: SampleOrder }[]): Promise<Answer[]>;
  /** The order with the ticket of the last answer about it, or without. */
  read(id: string, asked?: Asked & { readonly withTicket?: boolean }): Promise<Answer>;
  cancel(id: string, asked?: Asked & { readonly version?: number }): Promise<Answer>;
  ship(id: string, key: string): Promise<string>;
  close(): Promise<void>;
}

type World = Awaited<ReturnType<typeof openFakeGrpc>>;

export const doors: readonly [string, (options?: FakeOptions) => Promise<Door>][] = [
  ['HTTP', openHttp],
  ['gRPC', openGrpc],
];

/** A valid order. */
export function orderOf(quantity = 2): SampleOrder {
  const shippingAddress = {
    ...{ name: 'Ada', line1: 'Street 1', city: 'Berlin' },
    ...{ postalCode: '10115', country: 'DE' },
  };
  return { currency: 'EUR', items: [{ sku: 'SKU-1', quantity }], shippingAddress };
}

interface HttpAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
}

async function openHttp(options?: FakeOptions): Promise<Door> {
  const world = await openFakeGrpc(options);
  const urls = new Map<string, string>();
  const send = async (
    method: 'GET' | 'POST',
    url: string,
    { token = fakeTokens.c1, waitSeconds = 0 }: Asked,
    more: { readonly headers?: Record<string, string>; readonly body?: unknown } = {},
  ): Promise<HttpAnswer> => {
    const { body, headers } = more;
    const answer = await world.app.inject({
      method,
      url,
      headers: {
        ...headers,
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(waitSeconds > 0 && { prefer: `wait=${waitSeconds}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    });
    const parsed = answer.json() as Record<string, unknown>;
    const links = parsed['links'] as { self: string } | undefined;
    const url2 = (parsed['statusUrl'] as string | undefined) ?? links?.self;
    if (url2 !== undefined) urls.set(parsed['id'] as string, url2);
    return { body: parsed, headers: answer.headers };
  };
  return {
    world,
    place: async (key, order, asked = {}) =>
      httpAnswer(
        await send('POST', '/v1/orders', asked, {
          body: order,
          headers: key === null ? {} : { 'idempotency-key': key },
        }),
      ),
    async batch(orders) {
      const body = { orders: orders.map(({ key, order }) => ({ idempotencyKey: key, order })) };
      const answer = await send('POST', '/v1/orders/batch', {}, { body });
      const items = answer.body['items'] as (HttpAnswer['body'] & { problem?: HttpAnswer['body'] })[];
      return items.map((item) =>
        item.problem === undefined
          ? { id: String(item['id']), status: 'QUEUED', version: 0, replayed: item['replayed'] === true }
          : httpAnswer({ body: item.problem, headers: {} }),
      );
    },
    read: async (id, { withTicket = true, ...asked } = {}) =>
      httpAnswer(await send('GET', (withTicket ? urls.get(id) : undefined) ?? `/v1/orders/${id}`, asked)),
    async cancel(id, { version, ...asked } = {}) {
      const headers: Record<string, string> = version === undefined ? {} : { 'if-match': `"${version}"` };
      const url = (urls.get(id) ?? `/v1/orders/${id}`).replace(id, `${id}/cancel`);
      return httpAnswer(await send('POST', url, asked, { headers }));
    },
    async ship(id, key) {
      const headers = { 'idempotency-key': key };
      const answer = await send('POST', `/v1/orders/${id}/shipments`, { token: fakeTokens.ops }, { headers });
      return String(answer.body['id']);
    },
    close: world.close,
  };
}

function httpAnswer({ body, headers }: HttpAnswer): Answer {
  if (body['code'] !== undefined) {
    const errors = (body['errors'] ?? []) as { pointer: string }[];
    return {
      problem: String(body['code']),
      retry: headers['retry-after'] !== undefined,
      faults: errors.map(({ pointer }) => pointer).filter((pointer) => pointer !== ''),
    };
  }
  return {
    id: String(body['id']),
    status: String(body['status']),
    version: Number(body['version'] ?? 0),
    replayed: headers['idempotent-replayed'] === 'true',
  };
}

async function openGrpc(options?: FakeOptions): Promise<Door> {
  const world: World = await openFakeGrpc(options);
  const { client } = world;
  const tickets = new Map<string, string>();
  const wait = ({ waitSeconds = 0 }: Asked) =>
    waitSeconds > 0 ? { wait: { seconds: BigInt(waitSeconds) } } : {};
  const tokenOf = ({ token }: Asked) => (token === undefined ? {} : { token });
  const show = (
    order: { id: string; status: OrderStatus; version: number; ticket: string },
    replayed = false,
  ): Answer => {
    if (order.ticket !== '') tickets.set(order.id, order.ticket);
    const { id, version } = order;
    return { id, status: nameOf(order.status), version, replayed };
  };
  return {
    world,
    async place(key, order, asked = {}) {
      const request = { requestId: key ?? '', order: order as never, ...wait(asked) };
      const { message, error } = await client.call('createOrder', request, tokenOf(asked));
      return error === null ? show(message.order!, message.replayed) : grpcAnswer(error);
    },
    async batch(orders) {
      const items = orders.map(({ key, order }) => ({ requestId: key, order: order as never }));
      const { message } = await client.call('createOrders', { orders: items });
      return message!.results.map(({ result }) => {
        if (result.case === 'accepted') {
          const { id, replayed } = result.value;
          return { id, status: 'QUEUED', version: 0, replayed };
        }
        const { code, fieldViolations } = result.value!;
        return { problem: code, retry: false, faults: fieldViolations.map(({ field }) => pointerOf(field)) };
      });
    },
    async read(id, { withTicket = true, ...asked } = {}) {
      const ticket = (withTicket ? tickets.get(id) : undefined) ?? '';
      const { message, error } = await client.call(
        'getOrder',
        { id, ticket, ...wait(asked) },
        tokenOf(asked),
      );
      return error === null ? show(message.order!) : grpcAnswer(error);
    },
    async cancel(id, { version, ...asked } = {}) {
      const request = { id, ticket: tickets.get(id) ?? '', expectedVersion: version, ...wait(asked) };
      const { message, error } = await client.call('cancelOrder', request, tokenOf(asked));
      return error === null ? show(message.order!) : grpcAnswer(error);
    },
    async ship(id, key) {
      const { message } = await client.call('shipOrder', { id, requestId: key }, { token: fakeTokens.ops });
      return message!.command!.id;
    },
    close: world.close,
  };
}

function nameOf(status: OrderStatus): string {
  const names = [...decidedStatuses, 'QUEUED', 'DEAD_LETTERED'] as const;
  return names.find((name) => OrderStatus[name] === status) ?? '';
}

function grpcAnswer({ reason, retrySeconds, fields }: CallError): Answer {
  const faults = fields.filter((field) => !field.endsWith('request_id')).map(pointerOf);
  return { problem: reason, retry: retrySeconds !== null, faults };
}

/** The JSON pointer of a field of an order. In a batch, the HTTP API has the pointer of the order's member too. */
function pointerOf(field: string): string {
  const path = field
    .replace(/^order\b\.?/, '')
    .replaceAll(/\["(.+?)"\]/g, '.$1')
    .replaceAll(/\[(\d+)\]/g, '.$1');
  const camel = path.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return camel
    .split('.')
    .filter((part) => part !== '')
    .map((part) => `/${part}`)
    .join('');
}
