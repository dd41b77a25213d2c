/**
 * Plays lives of orders against a local run: places each order, then does its steps.
 *
 * A step is done only if the order has not reached the version of the step. So a run continues where an earlier
 * run ended, and a finished life is only read.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderChange } from '../changes/change.ts';
import type { createOrderstreamClient, Order, OrderRequest } from '../client/index.ts';
import { CliError } from '../errors.ts';
import { openSession, payOnPage } from '../payments/local-provider.ts';
import type { Life, Step } from './read-lives.ts';

type Client = ReturnType<typeof createOrderstreamClient>;

export interface LivesDeps {
  clientOf(customerId: string): Client;
  /** Money without a session, such as a bank transfer. */
  transfer(orderId: string, amount: number, currency: string): Promise<unknown>;
  /** A change by an operator. With the same key it is applied once. */
  change(orderId: string, key: string, changeAt: (nowMs: number) => OrderChange): Promise<unknown>;
  /** How long a delivered order stays open, in ms; null if it is not delivered. */
  closesInMs(orderId: string): Promise<number | null>;
  /** Runs `work` while new orders expire after a second. */
  withShortWindow<T>(work: () => Promise<T>): Promise<T>;
  /** Maximum time of one step, in ms. */
  stepMs: number;
}

export interface LivedOrder {
  readonly life: Life;
  readonly id: string;
  /** Why the life did not reach its end; null if it did. */
  readonly fault: string | null;
  /** The life ends with its closing, which comes later than a step may take. */
  readonly closesLater: boolean;
}

type Played = Pick<LivedOrder, 'fault' | 'closesLater'>;

const placeWaitSeconds = 20;
const pollMs = 100;

/** Plays all lives. Orders are placed in the order of the file; their steps then run concurrently. */
export async function runLives(deps: LivesDeps, lives: readonly Life[]): Promise<LivedOrder[]> {
  const expiring = lives.filter(({ steps }) => steps.some((step) => step.do === 'expire'));
  const ids = new Map<Life, string>();
  if (!(await areKnown(deps, expiring))) {
    await deps.withShortWindow(async () => {
      for (const life of expiring) ids.set(life, await place(deps, life));
    });
  }
  for (const life of lives) if (!ids.has(life)) ids.set(life, await place(deps, life));
  return Promise.all(
    lives.map(async (life) => {
      const id = ids.get(life)!;
      return { life, id, ...(await play(deps, life, id)) };
    }),
  );
}

async function areKnown({ clientOf }: LivesDeps, lives: readonly Life[]): Promise<boolean> {
  for (const { customerId, idempotencyKey } of lives) {
    const { data } = await clientOf(customerId).GET('/v1/orders', { params: { query: { idempotencyKey } } });
    if (data === undefined) throw new CliError(`the API did not list the orders of ${customerId}`);
    if (data.items.length === 0) return false;
  }
  return true;
}

/** Places the order, or finds it by its key. Resolves after its outcome. */
async function place({ clientOf }: LivesDeps, life: Life): Promise<string> {
  const { customerId, idempotencyKey, order, name } = life;
  const { data, error } = await clientOf(customerId).POST('/v1/orders', {
    params: { header: { 'Idempotency-Key': idempotencyKey, Prefer: `wait=${placeWaitSeconds}` } },
    body: order as unknown as OrderRequest,
  });
  if (data === undefined) throw new CliError(`"${name}" was not placed: ${describe(error)}`);
  if (data.status === 'QUEUED') throw new CliError(`"${name}" got no outcome in ${placeWaitSeconds} s`);
  return data.id;
}

async function play(deps: LivesDeps, life: Life, id: string): Promise<Played> {
  const client = deps.clientOf(life.customerId);
  try {
    for (const step of life.steps) {
      const order = await read(client, id);
      if (order.version >= step.version) continue;
      if (step.do === 'close' && ((await deps.closesInMs(id)) ?? 0) > deps.stepMs)
        return { fault: null, closesLater: true };
      await act(deps, client, order, step, `${life.idempotencyKey}-${step.version}`);
      await reach(client, id, step, deps.stepMs);
    }
    return { fault: null, closesLater: false };
  } catch (error) {
    if (error instanceof CliError) return { fault: error.message, closesLater: false };
    throw error;
  }
}

async function act(deps: LivesDeps, client: Client, order: Order, step: Step, key: string): Promise<void> {
  const { id } = order;
  const { amount, times } = step;
  switch (step.do) {
    case 'pay':
      return void (await payOnPage(await openSession(client, id), {
        result: 'paid',
        ...(amount !== undefined && { amount }),
        ...(times !== undefined && { times }),
      }));
    case 'decline':
      return void (await payOnPage(await openSession(client, id), { result: 'declined' }));
    case 'fail':
      return void (await payOnPage(await openSession(client, id), { result: 'failed' }));
    case 'transfer': {
      const { totals, currency } = order as { totals: { total: number }; currency: string };
      return void (await deps.transfer(id, amount ?? totals.total, currency));
    }
    case 'cancel': {
      const { error } = await client.POST('/v1/orders/{id}/cancel', { params: { path: { id } }, body: {} });
      if (error !== undefined) throw new CliError(`the order was not cancelled: ${describe(error)}`);
      return;
    }
    case 'ship':
    case 'deliver':
    case 'return':
    case 'refund':
      return void (await deps.change(id, key, (nowMs) => changeOf(step.do, step, nowMs)));
    // The scheduler does the rest.
    case 'expire':
    case 'close':
  }
}

function changeOf(
  name: 'ship' | 'deliver' | 'return' | 'refund',
  { lines = [], shipment, amount, shipping = false }: Step,
  nowMs: number,
): OrderChange {
  const units = lines.map(({ line, quantity }) => ({ line, quantity }));
  switch (name) {
    case 'ship':
      return { type: 'SHIP', payload: { carrier: null, trackingNumber: null, lines: units } };
    case 'deliver':
      return { type: 'DELIVER', payload: { deliveredAt: nowMs, shipment: shipment ?? null } };
    case 'return': {
      const back = lines.map((line) => ({ ...line, restock: line.restock ?? line.quantity }));
      return { type: 'RETURN', payload: { reason: null, lines: back, refund: true } };
    }
    case 'refund':
      return {
        type: 'REQUEST_REFUND',
        payload: { amount: amount ?? null, reason: null, lines: units, shipping },
      };
  }
}

/** Resolves once the order has the version of the step. */
async function reach(client: Client, id: string, step: Step, stepMs: number): Promise<void> {
  const untilMs = performance.now() + stepMs;
  for (;;) {
    const { version, status } = await read(client, id);
    if (version >= step.version) return;
    if (performance.now() >= untilMs) {
      throw new CliError(
        `after "${step.do}" the order is ${status} at version ${version}, not at version ${step.version}`,
      );
    }
    await sleep(pollMs);
  }
}

async function read(client: Client, id: string): Promise<Order> {
  const { data, error } = await client.GET('/v1/orders/{id}', { params: { path: { id } } });
  if (data === undefined) throw new CliError(`the API did not return the order: ${describe(error)}`);
  return data;
}

function describe(problem: unknown): string {
  const { code, detail } = (problem ?? {}) as { code?: string; detail?: string };
  return `${code ?? 'unknown'}: ${detail ?? ''}`;
}
