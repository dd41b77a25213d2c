/** The situations of placing and reading an order, over HTTP and over gRPC. Both must answer the same. */
import { afterEach, describe, expect, test } from 'vitest';
import { Failure } from './application/common/failure.ts';
import { orderIdOf } from './application/submit/order-id.ts';
import { type Answer, type Door, doors, orderOf } from './testing/doors.ts';
import { type FakeOptions, fakeTokens } from './testing/fake-world.ts';

interface Situation {
  readonly name: string;
  readonly options?: FakeOptions;
  /** The answers of the door, in order. */
  run(door: Door): Promise<readonly Answer[]>;
  readonly answers: readonly object[];
  /** Commands in the log afterwards. Default: 0. */
  readonly commands?: number;
}

const id = orderIdOf('c1', 'k1');
const queued = { id, status: 'QUEUED', version: 0, replayed: false };
const problem = (code: string, more: object = {}) => ({ problem: code, ...more });

/** Decides the last order as soon as it is in the log. */
async function decideSoon({ world }: Door): Promise<void> {
  await expect.poll(() => world.commands.length).toBeGreaterThan(0);
  world.decide(id);
}

const situations: readonly Situation[] = [
  {
    name: 'an accepted order is queued, and its ticket shows it before any store has it',
    run: async (door) => [await door.place('k1', orderOf()), await door.read(id)],
    answers: [queued, queued],
    commands: 1,
  },
  {
    name: 'a wait ends with the outcome',
    async run(door) {
      const placed = door.place('k1', orderOf(), { waitSeconds: 10 });
      await decideSoon(door);
      return [await placed];
    },
    answers: [{ id, status: 'PENDING_PAYMENT', version: 1, replayed: false }],
    commands: 1,
  },
  {
    name: 'a wait without an outcome ends with the queued order',
    run: async (door) => [await door.place('k1', orderOf(), { waitSeconds: 1 })],
    answers: [queued],
    commands: 1,
  },
  {
    name: 'an invalid order is refused with all faults',
    run: async (door) => [
      await door.place('k1', { ...orderOf(0), currency: 'eur', metadata: { note: 'x'.repeat(501) } }),
    ],
    answers: [problem('VALIDATION_FAILED', { faults: ['/currency', '/items/0/quantity', '/metadata/note'] })],
  },
  {
    name: 'an order that is too large is refused',
    run: async (door) => [
      await door.place('k1', {
        ...orderOf(),
        metadata: Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`k${n}`, 'x'.repeat(400)])),
      }),
    ],
    answers: [problem('BODY_TOO_LARGE')],
  },
  {
    name: 'a key is required, and has 1 to 255 visible ASCII characters',
    run: async (door) => [
      await door.place(null, orderOf()),
      await door.place('a b', orderOf()),
      await door.place('k'.repeat(256), orderOf()),
    ],
    answers: [
      problem('IDEMPOTENCY_KEY_MISSING'),
      problem('IDEMPOTENCY_KEY_INVALID'),
      problem('IDEMPOTENCY_KEY_INVALID'),
    ],
  },
  {
    name: 'a quoted key is the same key',
    run: async (door) => [await door.place('k1', orderOf()), await door.place('"k1"', orderOf())],
    answers: [queued, { ...queued, replayed: true }],
    commands: 1,
  },
  {
    name: 'the same order again is the same order, queued and decided',
    async run(door) {
      const first = await door.place('k1', orderOf());
      const second = await door.place('k1', orderOf());
      await decideSoon(door);
      return [first, second, await door.place('k1', orderOf())];
    },
    answers: [
      queued,
      { ...queued, replayed: true },
      { id, status: 'PENDING_PAYMENT', version: 1, replayed: true },
    ],
    commands: 1,
  },
  {
    name: 'the same order while the first is in flight joins it',
    async run(door) {
      const hold = Promise.withResolvers<void>();
      door.world.holdProduce = hold.promise;
      const both = [door.place('k1', orderOf()), door.place('k1', orderOf())];
      await expect.poll(() => door.world.appends).toBe(1);
      hold.resolve();
      const answers = await Promise.all(both);
      return answers.sort(
        (a, b) => Number('replayed' in a && a.replayed) - Number('replayed' in b && b.replayed),
      );
    },
    answers: [queued, { ...queued, replayed: true }],
    commands: 1,
  },
  {
    name: 'another order with a used key is refused',
    async run(door) {
      await door.place('k1', orderOf());
      await decideSoon(door);
      return [await door.place('k1', orderOf(3))];
    },
    answers: [problem('KEY_REUSED')],
    commands: 1,
  },
  {
    name: 'a token is required, with the scope',
    run: async (door) => [
      await door.place('k1', orderOf(), { token: null }),
      await door.place('k1', orderOf(), { token: 'unknown' }),
      await door.place('k1', orderOf(), { token: fakeTokens.reader }),
      await door.read(id, { token: null }),
      await door.read(id, { token: fakeTokens.hooks }),
    ],
    answers: ['UNAUTHORIZED', 'UNAUTHORIZED', 'SCOPE_MISSING', 'UNAUTHORIZED', 'SCOPE_MISSING'].map((code) =>
      problem(code),
    ),
  },
  {
    name: 'the order of another customer is unknown, and so is a queued one without its ticket',
    async run(door) {
      await door.place('k1', orderOf());
      const without = await door.read(id, { withTicket: false });
      await decideSoon(door);
      return [without, await door.read(id, { token: fakeTokens.c2 }), await door.read('no-uuid')];
    },
    answers: [problem('NOT_FOUND'), problem('NOT_FOUND'), problem('NOT_FOUND')],
    commands: 1,
  },
  {
    name: 'a caller over its rate is told when to retry',
    options: { burstOrders: 1, ordersPerSecond: 1 },
    run: async (door) => [await door.place('k1', orderOf()), await door.place('k2', orderOf())],
    answers: [queued, problem('RATE_LIMITED', { retry: true })],
    commands: 1,
  },
  {
    name: 'a saturated service refuses writes and tells when to retry',
    async run(door) {
      const answers: Answer[] = [];
      for (const reason of ['event_loop', 'produce_queue', 'lag'] as const) {
        door.world.refusal = reason;
        answers.push(await door.place('k1', orderOf()));
      }
      return answers;
    },
    answers: [1, 2, 3].map(() => problem('OVERLOADED', { retry: true })),
  },
  ...(['NOT_PRODUCED', 'OUTCOME_UNKNOWN'] as const).map(
    (code): Situation => ({
      name: `an append that fails with ${code} is told, and can be repeated`,
      async run(door) {
        door.world.produceProblem = new Failure(code, { retryAfterMs: 2_000 });
        const failed = await door.place('k1', orderOf());
        door.world.produceProblem = null;
        return [failed, await door.place('k1', orderOf())];
      },
      answers: [problem(code, { retry: true }), queued],
      commands: 1,
    }),
  ),
  {
    name: 'a batch has one result per order',
    async run(door) {
      await door.place('k1', orderOf());
      return door.batch([
        { key: 'k1', order: orderOf() },
        { key: 'k2', order: orderOf(0) },
        { key: 'k3', order: orderOf(3) },
      ]);
    },
    answers: [
      { ...queued, replayed: true },
      problem('VALIDATION_FAILED', { faults: ['/orders/1/order/items/0/quantity'] }),
      { id: orderIdOf('c1', 'k3'), status: 'QUEUED' },
    ],
    commands: 2,
  },
  {
    name: 'a read waits for the outcome',
    async run(door) {
      await door.place('k1', orderOf());
      const read = door.read(id, { waitSeconds: 10 });
      await expect.poll(() => door.world.waiting()).toBe(1);
      door.world.decide(id);
      return [await read];
    },
    answers: [{ id, status: 'PENDING_PAYMENT', version: 1 }],
    commands: 1,
  },
  {
    name: 'a cancel is accepted, and refused at another version',
    async run(door) {
      await door.place('k1', orderOf());
      await decideSoon(door);
      return [await door.cancel(id, { version: 7 }), await door.cancel(id, { version: 1 })];
    },
    answers: [problem('VERSION_STALE'), { id, status: 'PENDING_PAYMENT', version: 1 }],
    commands: 2,
  },
  {
    name: 'an accepted order that no store and no log has is lost',
    async run(door) {
      await door.place('k1', orderOf());
      door.world.publish(id, 0);
      return [await door.read(id)];
    },
    answers: [problem('ORDER_LOST')],
    commands: 1,
  },
];

describe.each(doors)('over %s', (_name, open) => {
  let door: Door;
  afterEach(() => door.close());

  test.each(situations)('$name', async ({ options, run, answers, commands = 0 }) => {
    door = await open(options);
    expect(await run(door)).toMatchObject(answers);
    expect(door.world.commands).toHaveLength(commands);
  });
});

test('one order has one id and one command, whichever protocol repeats it', async () => {
  const [[, openHttp], [, openGrpc]] = [doors[0]!, doors[1]!];
  const [http, grpc] = await Promise.all([openHttp(), openGrpc()]);
  try {
    const full = { ...orderOf(), metadata: { note: 'ä', a: '1' } };
    await Promise.all([http.place('k1', full), grpc.place('k1', full)]);
    const [first, second] = [http, grpc].map(({ world }) => world.commands[0]!);
    expect(second!.orderId).toBe(first!.orderId);
    expect(second!.commandId).toBe(first!.commandId);
    expect(Buffer.from(second!.fingerprint!)).toEqual(Buffer.from(first!.fingerprint!));
    expect(second!.payload).toEqual(first!.payload);
  } finally {
    await Promise.all([http.close(), grpc.close()]);
  }
});
