import { expect, it, vi } from 'vitest';
import { systemClock } from '../../shared/clock/index.ts';
import { appError } from '../../shared/errors/index.ts';
import { createLogger } from '../../shared/log/index.ts';
import { noMetrics } from '../../shared/metrics/index.ts';
import { recordTraces } from '../../shared/trace/testing/recorded-traces.ts';
import { createHosts } from '../receivers/hosts.ts';
import { createStall } from '../stall.ts';
import type { AttemptResult } from './attempt.ts';
import type { DeliveryQueue, Leased, Settlement } from './delivery-queue.ts';
import { startSender } from './sender.ts';
import type { Channel, SenderDeps } from './sender-types.ts';

/** A queue in memory. It records the settled rows, and the endpoints that were shelved or disabled. */
function memoryQueue(due: Record<string, number>) {
  const settled: Settlement[] = [];
  const shelved: string[] = [];
  const disabled: string[] = [];
  let id = 0;
  const queue: DeliveryQueue = {
    dueReceivers: async () => ({
      due: Object.keys(due)
        .filter((endpointId) => due[endpointId]! > 0)
        .map((endpointId) => ({ endpointId, oldestDueAtMs: 0 })),
      next: null,
    }),
    receivers: async () => Object.keys(due),
    async lease(requests) {
      const leased = requests.flatMap(({ endpointId, rowsMax }) => {
        const count = Math.min(rowsMax, due[endpointId] ?? 0);
        due[endpointId] = (due[endpointId] ?? 0) - count;
        return Array.from(
          { length: count },
          () => ({ deliveryId: ++id, endpointId, attempts: 0, leasedUntilMs: Date.now() + 1_000 }) as Leased,
        );
      });
      const more = requests.map((one) => one.endpointId).filter((id) => (due[id] ?? 0) > 0);
      return { leased, more: new Set(more) };
    },
    async settle(settlements) {
      settled.push(...settlements);
    },
    async shelve(endpointId, status) {
      shelved.push(`${endpointId} ${status}`);
      return due[endpointId] ?? 0;
    },
    async disableEndpoint(endpointId) {
      disabled.push(endpointId);
      return true;
    },
  };
  return { queue, settled, shelved, disabled };
}

const limits = {
  inFlightMax: 10,
  customerInFlightMax: 10,
  receiversMax: 5,
  sweepMs: 20,
  leaseMs: 1_000,
  attemptMaxMs: 100,
  retryDelaysMs: [0, 1],
};

function start(
  queue: DeliveryQueue,
  deliver: (leased: Leased) => Promise<AttemptResult>,
  more: Partial<SenderDeps> = {},
) {
  const fatal = vi.fn();
  const sender = startSender({
    queue,
    channelOf: async (id): Promise<Channel> => ({ name: 'webhook', host: id, customerId: id, deliver }),
    hosts: createHosts(
      { concurrencyMax: 2, waitingMax: 0, failuresInRow: 1_000, openMs: 10, mailsMax: 8 },
      systemClock,
    ),
    stall: createStall(systemClock),
    limits,
    clock: systemClock,
    random: () => 0.5,
    log: createLogger({ service: 'test', level: 'silent', instanceId: 'test' }),
    metrics: noMetrics,
    fatal,
    ...more,
  });
  return { sender, fatal };
}

const ok: AttemptResult = { kind: 'delivered', status: 200 };

it('delivers all due rows, and never more at once than a host has room for', async () => {
  const { queue, settled } = memoryQueue({ a: 7, b: 3 });
  let running = 0;
  let most = 0;
  const { sender } = start(queue, async () => {
    most = Math.max(most, ++running);
    await new Promise((done) => setTimeout(done, 3));
    running -= 1;
    return ok;
  });
  await expect.poll(() => settled.length).toBe(10);
  expect(most).toBeLessThanOrEqual(4);
  await sender.stop(1_000);
});

it('records each attempt of a traced delivery below its command, and no other one', async () => {
  const { traces, spans } = recordTraces();
  const { queue, settled } = memoryQueue({ 'shop.example:8443': 2, mails: 1 });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traced: DeliveryQueue = {
    ...queue,
    async lease(...args) {
      const { leased, more } = await queue.lease(...args);
      const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
      // The second webhook belongs to an order whose trace is not recorded.
      const isTraced = (index: number, id: string) => id === 'mails' || index === 0;
      return {
        leased: leased.map((one, index) => ({
          ...one,
          traceparent: isTraced(index, one.endpointId) ? traceparent : null,
        })),
        more,
      };
    },
  };
  const failed: AttemptResult = {
    ...{ kind: 'failed', status: 503, error: 'answered 503', retryAfterMs: null, hostTrouble: true },
  };
  const deliver = async ({ endpointId }: Leased) => (endpointId === 'mails' ? ok : failed);
  const { sender } = start(traced, deliver, {
    traces,
    channelOf: async (id): Promise<Channel> => ({
      ...{ name: id === 'mails' ? 'email' : 'webhook', host: id, customerId: id, deliver },
    }),
  });
  await expect.poll(() => settled.length).toBe(3);
  await sender.stop(1_000);
  const byName = Object.fromEntries(spans().map((span) => [span.name, span]));
  expect(spans()).toHaveLength(2);
  expect(byName['POST']).toMatchObject({ traceId, parent: '00f067aa0ba902b7' });
  expect(byName['POST']!.attributes).toEqual({
    'http.request.method': 'POST',
    'server.address': 'shop.example',
    'server.port': 8443,
    'http.response.status_code': 503,
    'error.type': '503',
  });
  expect(byName['send mail']).toMatchObject({ traceId, parent: '00f067aa0ba902b7', attributes: {} });
});

it('serves other receivers while one hangs', async () => {
  const { queue, settled } = memoryQueue({ hanging: 50, well: 20 });
  const hung = Promise.withResolvers<AttemptResult>();
  const { sender } = start(queue, (leased) =>
    leased.endpointId === 'hanging' ? hung.promise : Promise.resolve(ok),
  );
  await expect.poll(() => settled.length).toBe(20);
  hung.resolve(ok);
  await sender.stop(1_000);
});

it('leaves room for other customers while hosts of one customer hang', async () => {
  const hanging = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`hanging-${n}`, 5]));
  const { queue, settled } = memoryQueue({ ...hanging, well: 20 });
  const hung = Promise.withResolvers<AttemptResult>();
  const deliver = ({ endpointId }: Leased) => (endpointId === 'well' ? Promise.resolve(ok) : hung.promise);
  const customerOf = (id: string) => (id === 'well' ? 'honest' : 'hostile');
  const { sender } = start(queue, deliver, {
    channelOf: async (id): Promise<Channel> => ({
      name: 'webhook',
      host: id,
      customerId: customerOf(id),
      deliver,
    }),
    limits: { ...limits, customerInFlightMax: 5 },
  });
  await expect.poll(() => settled.length).toBe(20);
  hung.resolve(ok);
  await expect.poll(() => settled.length).toBe(65);
  await sender.stop(1_000);
});

it('keeps a hint that comes while it leases for the same receiver', async () => {
  const due: Record<string, number> = { a: 0 };
  const { queue, settled } = memoryQueue(due);
  const { lease } = queue;
  let late = true;
  queue.lease = async (...args) => {
    const answer = await lease(...args);
    // The row is stored after the query read the table, and before its result arrives.
    if (late) {
      late = false;
      due['a'] = 1;
      sender.hint(new Set(['a']));
    }
    return answer;
  };
  const { sender } = start(queue, async () => ok, { limits: { ...limits, sweepMs: 60_000 } });
  sender.hint(new Set(['a']));
  await expect.poll(() => settled.length).toBe(1);
  await sender.stop(1_000);
});

it('disables an endpoint that is gone or exhausted', async () => {
  const gone = memoryQueue({ a: 1 });
  const first = start(gone.queue, async () => ({ kind: 'gone', status: 410 }));
  await expect.poll(() => gone.disabled).toEqual(['a']);
  await first.sender.stop(1_000);
});

it('removes rows without a receiver from the queue', async () => {
  const { queue, shelved } = memoryQueue({ off: 1, missing: 1 });
  const channelOf = async (id: string) => (id === 'off' ? ('disabled' as const) : ('gone' as const));
  const { sender } = start(queue, async () => ok, { channelOf });
  await expect.poll(() => new Set(shelved)).toEqual(new Set(['off HELD', 'missing DROPPED']));
  await sender.stop(1_000);
});

it('keeps the result of an attempt until the database stores it', async () => {
  const { queue, settled } = memoryQueue({ a: 1 });
  const settle = queue.settle;
  let failures = 1;
  queue.settle = async (...args) => {
    if (failures-- > 0) throw appError('MYSQL_CONNECTION_LOST', { reason: 'test' });
    return settle(...args);
  };
  const { sender, fatal } = start(queue, async () => ok);
  await expect.poll(() => settled.length, { timeout: 3_000 }).toBe(1);
  expect(fatal).not.toHaveBeenCalled();
  await sender.stop(1_000);
});

it('finishes the attempts in flight when it is stopped, and leases nothing more', async () => {
  const { queue, settled } = memoryQueue({ a: 5 });
  const began = Promise.withResolvers<void>();
  const { sender } = start(queue, async () => {
    began.resolve();
    await new Promise((done) => setTimeout(done, 20));
    return ok;
  });
  await began.promise;
  await sender.stop(1_000);
  expect(settled).toHaveLength(2);
});
