/** What happens to an order and its money, from its placing on. Each step is repeated until somebody answers it. */
import { randomUUID } from 'node:crypto';
import { uuidToBytes } from '../../../services/shared/mysql/index.ts';
import { orderOf, placeHeaders } from '../api/api-env.ts';
import { control, payOnPage } from '../programs/payment-provider.ts';
import { until } from '../until.ts';
import { coupon, type Shop, scarce } from './shop.ts';

/** An order whose outcome is known. */
export interface Placed {
  readonly id: string;
  readonly customerId: string;
}

export type LifeKind = keyof typeof lives;

const customers = 400;
const stepDeadlineMs = 300_000;
const againMs = 250;
const waitSeconds = 5;
/** An unpaid order expires so long after its deadline. */
const graceMs = 60_000;

const lives = {
  /** The customer pays exactly. */
  paid: (shop: Shop, order: Placed) => payInFull(shop, order),
  paidTwice: (shop: Shop, order: Placed) => payInFull(shop, order, 2),
  async paidThenCancelled(shop: Shop, order: Placed) {
    await payInFull(shop, order);
    await cancel(shop, order);
  },
  /** Payment and cancel are on their way at the same time. */
  async cancelledWhilePaid(shop: Shop, order: Placed) {
    await Promise.all([payInFull(shop, order), cancel(shop, order)]);
  },
  async cancelledThenPaid(shop: Shop, order: Placed) {
    await cancel(shop, order);
    await transfer(shop, order.id, await totalOf(shop, order));
  },
  async paidTooLittle(shop: Shop, order: Placed) {
    const url = await sessionOf(shop, order);
    if (url !== null) await onPage(url, { result: 'paid', amount: 99 });
  },
  /** A wrong amount, and then the right one. */
  async paidTooLittleThenInFull(shop: Shop, order: Placed) {
    await transfer(shop, order.id, 7);
    await payInFull(shop, order);
  },
  async givenUp(shop: Shop, order: Placed) {
    const url = await sessionOf(shop, order);
    if (url === null) return;
    await onPage(url, { result: 'declined' });
    await onPage(url, { result: 'failed' });
  },
  async givenUpThenPaid(shop: Shop, order: Placed) {
    await lives.givenUp(shop, order);
    await transfer(shop, order.id, await totalOf(shop, order));
  },
  /** Money for an order that does not exist. */
  async unknownOrder(shop: Shop) {
    await transfer(shop, `${randomUUID().slice(0, 14)}8${randomUUID().slice(15)}`, 777);
  },
  neverPaid: () => Promise.resolve(),
  /** The money comes about when the order expires. */
  paidAtExpiry: (shop: Shop, order: Placed) => payLater(shop, order, graceMs + (shop.random() - 0.5) * 3_000),
  paidAfterExpiry: (shop: Shop, order: Placed) =>
    payLater(shop, order, graceMs + 5_000 + shop.random() * 20_000),
} as const;

/** Those that wait for the expiry of their order. */
export const expiringLives: readonly LifeKind[] = ['neverPaid', 'paidAtExpiry', 'paidAfterExpiry'];
export const shortLives = (Object.keys(lives) as LifeKind[]).filter((kind) => !expiringLives.includes(kind));

/** Places the order of this number and lives its life. Resolves with its id once all requests have an answer. */
export async function live(shop: Shop, n: number, kind: LifeKind): Promise<string | null> {
  const order = await place(shop, n);
  if (order !== null) await lives[kind](shop, order);
  return order?.id ?? null;
}

/** Repeats the question until it has an answer. */
export function repeated<T>(what: string, ask: () => Promise<T>): Promise<NonNullable<T>> {
  return until(ask, { what, deadlineMs: stepDeadlineMs, everyMs: againMs });
}

/** A later request may get another answer. */
function mayPass(status: number): boolean {
  return status >= 500 || status === 429;
}

/** The SKU that the order of this number has. */
export function skuOf(n: number): string {
  return n % 10 === 7 ? scarce : `SKU-${n % 20}`;
}

/** Places the order of this number. Null if it was refused at once. */
export async function place(shop: Shop, n: number): Promise<Placed | null> {
  const customerId = `customer-${n % customers}`;
  const body = { ...orderOf(1 + (n % 3), skuOf(n)), ...(n % 3 === 0 && { couponCode: coupon }) };
  const params = placeHeaders(`life-${n}`, waitSeconds);
  const answer = await repeated(`an answer to life ${n}`, async () => {
    const { data, response } = await shop.clientOf(customerId).POST('/v1/orders', { params, body });
    if (data === undefined) return mayPass(response.status) ? null : { id: null, ticket: null };
    const { id, statusUrl } = data as { id: string; statusUrl?: string };
    return {
      id,
      ticket: statusUrl === undefined ? null : new URL(statusUrl, 'http://api').searchParams.get('t'),
    };
  });
  const { id, ticket } = answer;
  if (id === null) return null;
  if (ticket !== null) keepTicket(shop, id, 'PLACE', ticket);
  await repeated(`the outcome of ${id}`, async () => {
    const query = ticket === null ? {} : { t: ticket };
    const path = { id };
    const { data } = await shop.clientOf(customerId).GET('/v1/orders/{id}', { params: { path, query } });
    return data !== undefined && data.status !== 'QUEUED';
  });
  return { id, customerId };
}

/** The form of a ticket is `<partition>.<offset>.<MAC>`. */
function keepTicket(shop: Shop, orderId: string, type: 'PLACE' | 'CANCEL', ticket: string): void {
  const [partition, offset] = ticket.split('.').map(Number);
  shop.tickets.push({ orderId, type, partition: partition!, offset: offset! });
}

/** The page of the payment, or null if nobody can pay the order any more. */
async function sessionOf(shop: Shop, { id, customerId }: Placed): Promise<string | null> {
  const answer = await repeated(`a session of ${id}`, async () => {
    const client = shop.clientOf(customerId);
    const { data, response } = await client.POST('/v1/orders/{id}/payment-sessions', {
      params: { path: { id } },
    });
    if (data !== undefined) return { url: data.url };
    return mayPass(response.status) ? null : { url: null };
  });
  return answer.url;
}

/** Pays the order on the page of the provider, if anybody can still pay it. */
export async function payInFull(shop: Shop, order: Placed, times = 1): Promise<void> {
  const url = await sessionOf(shop, order);
  if (url !== null) await onPage(url, { result: 'paid', times });
}

/** A page that has taken its payment answers 409. So a repeat after a lost answer pays nothing. */
async function onPage(url: string, body: Parameters<typeof payOnPage>[1]): Promise<void> {
  await repeated(`an answer of ${url}`, async () => (await payOnPage(url, body)).status < 500);
}

/** If the answer is lost, the money may come twice. Then one of them is surplus. */
async function transfer({ providerUrl }: Shop, reference: string, amount: number): Promise<void> {
  await repeated(`the transfer for ${reference}`, async () => {
    await control(providerUrl, 'POST', '/v1/transfers', { reference, amount, currency: 'EUR' });
    return true;
  });
}

/** The cancel of the customer. Resolves once the API has answered. */
export async function cancel(shop: Shop, { id, customerId }: Placed): Promise<void> {
  await repeated(`the cancel of ${id}`, async () => {
    const client = shop.clientOf(customerId);
    const header = { Prefer: `wait=${waitSeconds}` };
    const { data, response } = await client.POST('/v1/orders/{id}/cancel', {
      params: { path: { id }, header },
      body: {},
    });
    const statusUrl = (data as { statusUrl?: string } | undefined)?.statusUrl;
    const ticket = statusUrl === undefined ? null : new URL(statusUrl, 'http://api').searchParams.get('t');
    if (ticket !== null) keepTicket(shop, id, 'CANCEL', ticket);
    return data !== undefined || !mayPass(response.status);
  });
}

async function payLater(shop: Shop, order: Placed, afterDueMs: number): Promise<void> {
  const { total, dueAtMs } = await rowOf(shop, order);
  if (dueAtMs === null) return;
  shop.later.push({ atMs: dueAtMs + afterDueMs, run: () => transfer(shop, order.id, total) });
}

async function totalOf(shop: Shop, order: Placed): Promise<number> {
  return (await rowOf(shop, order)).total;
}

/** An order without a price has the total 0, and a transfer needs 1. */
async function rowOf({ arena }: Shop, { id }: Placed): Promise<{ total: number; dueAtMs: number | null }> {
  return repeated(`the row of ${id}`, async () => {
    const [row] = await arena.mysql.pool.rows<{ total: number; due: number | null }>(
      'SELECT total, payment_due_at_ms AS due FROM orders WHERE order_id = ?',
      [uuidToBytes(id)],
    );
    return row === undefined ? null : { total: Math.max(1, row.total), dueAtMs: row.due };
  });
}
