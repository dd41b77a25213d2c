/** Places orders at a fixed rate, one customer after the other. Keeps the due time of each order. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, openConnection } from '../client/connection.ts';
import { createRequestMaker, type RequestMaker } from '../client/requests.ts';
import type { DeliverJob } from './job.ts';

const tickMs = 2;
const orderIdField = /"id":"([0-9a-f-]{36})"/;
/**
 * Maximum number of waiting requests of one customer. With more, the API cannot keep up, and the latency would
 * include its delay.
 */
const waitingMax = 100;

/** The due time of each order in epoch ms, by order id. */
export type Placed = Map<string, number>;

/**
 * Calls `onMeasuring` between warm-up and measurement. `warmUp` has the orders before this call. Resolves when the
 * last response has arrived. Rejects at the first response that is not 202.
 */
export async function placeOnClock(
  job: DeliverJob,
  onMeasuring: () => void,
): Promise<{ warmUp: Placed; measured: Placed }> {
  const maker = createRequestMaker(job.keyPrefix, job.skuCount, { kind: 'place', waitSeconds: 0 });
  const customers = await Promise.all(job.tokens.map((token) => openCustomer(job, maker, token)));
  const lines = customers.map(() => Promise.resolve());
  const waiting = customers.map(() => 0);
  const warmUp: Placed = new Map();
  const measured: Placed = new Map();
  let failure: Error | null = null;

  const ask = async (customer: Customer, dueMs: number, placed: Placed): Promise<void> => {
    const { status, body } = await customer.place();
    const orderId = orderIdField.exec(body)?.[1];
    if (status !== 202 || orderId === undefined)
      throw new Error(`the API answered ${status}: ${body.slice(0, 300)}`);
    placed.set(orderId, dueMs);
  };

  const beganMs = performance.timeOrigin + performance.now();
  const measureFromMs = beganMs + job.warmUpMs;
  const endsMs = measureFromMs + job.measureMs;
  let asked = 0;
  let measuring = false;
  for (;;) {
    const nowMs = performance.timeOrigin + performance.now();
    if (nowMs >= endsMs || failure !== null) break;
    if (!measuring && nowMs >= measureFromMs) {
      measuring = true;
      onMeasuring();
    }
    for (; beganMs + (asked * 1_000) / job.perSecond <= nowMs; asked++) {
      const dueMs = beganMs + (asked * 1_000) / job.perSecond;
      const customer = asked % customers.length;
      const placed = dueMs < measureFromMs ? warmUp : measured;
      if (++waiting[customer]! > waitingMax) failure = new Error('the API cannot keep up with the rate');
      lines[customer] = lines[customer]!.then(() => ask(customers[customer]!, dueMs, placed))
        .then(() => void waiting[customer]!--)
        .catch((error: Error) => {
          failure ??= error;
        });
    }
    await sleep(tickMs);
  }
  await Promise.all(lines);
  for (const customer of customers) customer.close();
  if (failure !== null) throw failure;
  return { warmUp, measured };
}

interface Customer {
  /** Places one order at a time. Rejects if the connection breaks. */
  place(): Promise<Answer>;
  close(): void;
}

async function openCustomer(job: DeliverJob, maker: RequestMaker, token: string): Promise<Customer> {
  const next = maker.requestsOf(token);
  let answering: PromiseWithResolvers<Answer> | null = null;
  const connection = await openConnection(job.target, {
    onAnswer: (answer) => answering?.resolve(answer),
    onBroken: (reason) => answering?.reject(new Error(reason)),
  });
  return {
    place() {
      answering = Promise.withResolvers();
      connection.send(next());
      return answering.promise;
    },
    close: connection.close,
  };
}
