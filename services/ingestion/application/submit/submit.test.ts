import { describe, expect, test } from 'vitest';
import { createBoundedMap } from '../common/bounded-map.ts';
import { Failure } from '../common/failure.ts';
import type { LogPosition } from '../common/ticket.ts';
import type { KnownSubmission } from '../read/order-store.ts';
import type { OrderSubmission } from './order-submission.ts';
import { createSubmit } from './submit.ts';

/** A log whose appends the test ends itself, with a cache and a store that tests fill. */
function world() {
  const appended: string[] = [];
  const log: { epoch: number | null } = { epoch: 1 };
  const open = new Map<string, (end: LogPosition | Failure) => void>();
  const cached = new Map<string, KnownSubmission>();
  const stored = new Map<string, KnownSubmission>();
  const lookups: (readonly string[])[] = [];
  /** The lookup with the same number waits for this promise. */
  const cacheHeld: Promise<void>[] = [];
  const submit = createSubmit({
    commandLog: {
      append: (messages, onEnd) =>
        new Promise((resolve) => {
          let left = messages.length;
          messages.forEach(({ value }, index) => {
            const name = String(value);
            appended.push(name);
            open.set(name, (end) => {
              open.delete(name);
              onEnd(index, end);
              left -= 1;
              if (left === 0) resolve();
            });
          });
        }),
    },
    idempotencyCache: {
      async find(orderIds) {
        lookups.push(orderIds);
        await cacheHeld[lookups.length - 1];
        return orderIds.map((id) => cached.get(id) ?? null);
      },
      set: (orderId, known) => void cached.set(orderId, known),
    },
    findSubmissions: async (orderIds) => orderIds.map((id) => stored.get(id) ?? null),
    recent: createBoundedMap(100),
    decisionWaitMs: 100,
    trust: { epochOf: () => log.epoch, holds: (_position, epoch) => epoch === log.epoch },
  });
  /** Waits for an append and ends it. */
  const end = async (name: string, how: LogPosition | Failure): Promise<void> => {
    await expect.poll(() => open.has(name)).toBe(true);
    open.get(name)!(how);
  };
  /** The database has the order from now on. */
  const decide = (orderId: string, position: LogPosition, fingerprint = 'same') =>
    void stored.set(orderId, { fingerprint, position, epoch: null });
  return { submit, end, decide, appended, cached, cacheHeld, stored, lookups, log };
}

function place(orderId: string, fingerprint = 'same'): OrderSubmission {
  const value = Buffer.from(fingerprint === 'same' ? orderId : `${orderId}/${fingerprint}`);
  const message = { topic: 'c', partition: 0, key: null, value, headers: {}, timestampMs: 0 };
  return { orderId, fingerprint, message };
}

const at = (offset: number): LogPosition => ({ partition: 0, offset });
const reused = expect.objectContaining({ code: 'KEY_REUSED' });

describe('a group of submissions', () => {
  test('needs one lookup and one append, and returns one result for each', async () => {
    const { submit, end, lookups, cached, stored } = world();
    cached.set('b', { fingerprint: 'same', position: at(7), epoch: 1 });
    cached.set('c', { fingerprint: 'other', position: at(8), epoch: 1 });
    stored.set('c', { fingerprint: 'other', position: at(8), epoch: null });
    const submitted = submit(['a', 'b', 'c', 'd'].map((id) => place(id)));
    await end('d', new Failure('OUTCOME_UNKNOWN'));
    await end('a', at(0));
    expect(await submitted).toEqual([
      { position: at(0), replayed: false },
      { position: at(7), replayed: true },
      reused,
      expect.objectContaining({ code: 'OUTCOME_UNKNOWN' }),
    ]);
    expect(lookups).toEqual([['a', 'b', 'c', 'd']]);
    expect(cached.get('a')).toEqual({ fingerprint: 'same', position: at(0), epoch: 1 });
    expect(cached.has('d')).toBe(false);
  });

  test('appends a repeated submission once', async () => {
    const { submit, end, appended, decide } = world();
    const submitted = submit([place('a'), place('a'), place('a', 'other')]);
    await end('a', at(0));
    decide('a', at(0));
    expect(await submitted).toEqual([
      { position: at(0), replayed: false },
      { position: at(0), replayed: true },
      reused,
    ]);
    expect(appended).toEqual(['a']);
  });

  test('shares each result before its slowest submission ends', async () => {
    const { submit, end, appended } = world();
    const group = submit([place('a'), place('slow')]);
    await end('a', at(0));
    expect(await submit([place('a')])).toEqual([{ position: at(0), replayed: true }]);
    await end('slow', at(1));
    await group;
    expect(appended).toEqual(['a', 'slow']);
  });

  test('returns no results without submissions', async () => {
    expect(await world().submit([])).toEqual([]);
  });
});

describe('a submission that another call has in flight', () => {
  test('shares its result', async () => {
    const { submit, end, appended } = world();
    const calls = Array.from({ length: 50 }, () => submit([place('a')]));
    await end('a', at(3));
    const answers = (await Promise.all(calls)).flat();
    expect(answers.filter((answer) => !(answer instanceof Failure) && !answer.replayed)).toHaveLength(1);
    expect(answers).toHaveLength(50);
    expect(appended).toEqual(['a']);
  });

  test('shares the failure too, and the next call tries again', async () => {
    const { submit, end, appended } = world();
    const calls = [submit([place('a')]), submit([place('a')])];
    await end('a', new Failure('NOT_PRODUCED'));
    for (const [answer] of await Promise.all(calls)) expect(answer).toMatchObject({ code: 'NOT_PRODUCED' });
    const again = submit([place('a')]);
    await end('a', at(0));
    expect(await again).toEqual([{ position: at(0), replayed: false }]);
    expect(appended).toEqual(['a', 'a']);
  });

  test('refuses another body once the first is decided, and submits it if the first is not in the log', async () => {
    const { submit, end, appended, decide } = world();
    const first = submit([place('a')]);
    const second = submit([place('a', 'other')]);
    await end('a', new Failure('NOT_PRODUCED'));
    await end('a/other', at(0));
    expect(await second).toEqual([{ position: at(0), replayed: false }]);
    decide('a', at(0), 'other');
    expect(await submit([place('a')])).toEqual([reused]);
    await first;
    expect(appended).toEqual(['a', 'a/other']);
  });
});

describe('after a submission that ended while another call read its cache entry', () => {
  test.each([
    ['the same request returns its result', 'same', { position: at(0), replayed: true }],
    ['another request is refused', 'other', reused],
  ])('%s, and nothing is appended again', async (_name, fingerprint, expected) => {
    const { submit, end, appended, cached, cacheHeld, decide } = world();
    const late = Promise.withResolvers<void>();
    cacheHeld[1] = late.promise;
    const first = submit([place('a')]);
    const second = submit([place('a', fingerprint)]);
    await end('a', at(0));
    await first;
    decide('a', at(0));
    // The read of Redis came before the write of the entry, or it timed out.
    cached.clear();
    late.resolve();
    expect(await second).toEqual([expected]);
    expect(appended).toEqual(['a']);
  });
});

describe('a submission that is only in the database', () => {
  test('is known before the rest of its group has ended, also in Redis', async () => {
    const { submit, end, cached, stored } = world();
    const known = { fingerprint: 'same', position: at(2), epoch: null };
    stored.set('a', known);
    const group = submit([place('a', 'other'), place('slow')]);
    await end('a/other', at(10));
    await expect.poll(() => cached.get('a')).toEqual(known);
    expect(await submit([place('a')])).toEqual([{ position: at(2), replayed: true }]);
    await end('slow', at(11));
    expect(await group).toEqual([reused, { position: at(11), replayed: false }]);
  });

  test('returns its position in the log', async () => {
    const { submit, end, stored } = world();
    stored.set('a', { fingerprint: 'same', position: at(2), epoch: null });
    stored.set('b', { fingerprint: 'other', position: at(3), epoch: null });
    const submitted = submit([place('a'), place('b')]);
    await end('a', at(10));
    await end('b', at(11));
    expect(await submitted).toEqual([{ position: at(2), replayed: true }, reused]);
    expect(await submit([place('a')])).toEqual([{ position: at(2), replayed: true }]);
  });

  test('is new if its position is the one of the own append', async () => {
    const { submit, end, stored } = world();
    stored.set('a', { fingerprint: 'same', position: at(4), epoch: null });
    const submitted = submit([place('a')]);
    await end('a', at(4));
    expect(await submitted).toEqual([{ position: at(4), replayed: false }]);
  });
});

describe('a remembered order', () => {
  test('is used only while the log can still contain it, and is appended again after that', async () => {
    const { submit, end, appended, cached, log } = world();
    const first = submit([place('a')]);
    await end('a', at(5));
    await first;
    expect(await submit([place('a')])).toEqual([{ position: at(5), replayed: true }]);
    log.epoch = 2;
    cached.clear();
    const again = submit([place('a')]);
    await end('a', at(1));
    expect(await again).toEqual([{ position: at(1), replayed: false }]);
    expect(appended).toEqual(['a', 'a']);
  });

  test('is ignored while the state of the log is unknown', async () => {
    const { submit, end, appended, cached, log } = world();
    log.epoch = null;
    const first = submit([place('a')]);
    await end('a', at(0));
    await first;
    expect(cached.size).toBe(0);
    const again = submit([place('a')]);
    await end('a', at(1));
    expect(await again).toEqual([{ position: at(1), replayed: false }]);
    expect(appended).toEqual(['a', 'a']);
  });

  test('is ignored for an order that must be submitted again', async () => {
    const { submit, end, appended, cached } = world();
    const first = submit([place('a')]);
    await end('a', at(0));
    await first;
    expect(cached.has('a')).toBe(true);
    const again = submit([place('a')], { anew: true });
    await end('a', at(9));
    expect(await again).toEqual([{ position: at(9), replayed: false }]);
    expect(appended).toEqual(['a', 'a']);
  });
});

test('an order in the database is found, also if the cache write fails', async () => {
  const { submit, end, stored } = world();
  stored.set('a', { fingerprint: 'same', position: at(2), epoch: null });
  const submitted = submit([place('a')]);
  await end('a', new Failure('OVERLOADED'));
  expect(await submitted).toEqual([{ position: at(2), replayed: true }]);
});

describe('a body whose key belongs to another remembered body', () => {
  test('is appended while the first of them in the log is unknown', async () => {
    const { submit, end, appended, cached } = world();
    cached.set('a', { fingerprint: 'other', position: at(5), epoch: 1 });
    const submitted = submit([place('a')]);
    await end('a', at(6));
    expect(await submitted).toEqual([{ position: at(6), replayed: false }]);
    expect(appended).toEqual(['a']);
  });

  test('is a replay if it was the first in the log', async () => {
    const { submit, appended, cached, decide } = world();
    cached.set('a', { fingerprint: 'other', position: at(5), epoch: 1 });
    decide('a', at(4));
    expect(await submit([place('a')])).toEqual([{ position: at(4), replayed: true }]);
    expect(await submit([place('a', 'other')])).toEqual([reused]);
    expect(appended).toEqual([]);
  });
});
