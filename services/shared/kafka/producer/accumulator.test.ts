import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../log/index.ts';
import { noMetrics } from '../../metrics/index.ts';
import { createFakeLeaders, type FakeLeaders, type Fault } from '../testing/fake-leaders.ts';
import type { OutMessage } from '../types.ts';
import { type Accumulator, createAccumulatorOver } from './accumulator.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 't' });
const open: Accumulator[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close(0)));
});

describe('an acknowledged message is in the log', () => {
  const fault = fc.constantFrom<Fault>(
    'notLeader',
    'notLeaderButWritten',
    'missingInAnswer',
    'lostAnswer',
    'notHanded',
    'lostRequest',
    'notEnoughReplicas',
    'leaderMoves',
  );

  it('at least once, with first copies in order, after any number of failures', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 25 }),
        fc.array(fc.tuple(fc.nat(3), fc.constantFrom('send', 'sendEach', 'sendBatch')), {
          minLength: 1,
          maxLength: 60,
        }),
        async (faults, plan) => {
          const leaders = createFakeLeaders({ nodes: 2, partitions: 4, faults });
          const accumulator = make(leaders, { deadlineMs: 60_000, requestRecordsMax: 7, retryMaxMs: 4 });
          const acked = plan.map(async ([partition, way], i) => {
            const first = message(partition, `${i}a`);
            const second = message(partition, `${i}b`);
            if (way === 'send') {
              const { offset } = await accumulator.send(first);
              expect(leaders.valueAt(partition, offset)).toBe(`${i}a`);
            } else if (way === 'sendBatch') {
              const offset = await accumulator.sendBatch([first, second], { forever: true });
              expect(leaders.valueAt(partition, offset)).toBe(`${i}a`);
            } else {
              const ends = await endsOf(accumulator, [first, second]);
              expect(ends.map((end) => leaders.valueAt(partition, end as bigint))).toEqual([
                `${i}a`,
                `${i}b`,
              ]);
            }
          });
          await Promise.all(acked);
          for (let partition = 0; partition < 4; partition++) {
            const sent = plan.flatMap(([own, way], i) =>
              own !== partition ? [] : way === 'send' ? [`${i}a`] : [`${i}a`, `${i}b`],
            );
            expect(leaders.firstCopies(partition)).toEqual(sent);
          }
          expect(leaders.mostInFlightPerNode()).toBeLessThanOrEqual(1);
          expect(leaders.mostInFlightPerPartition()).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe('a failing partition', () => {
  it('does not delay the other partitions of its leader', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 2 });
    leaders.failPartition(0, 6);
    const accumulator = make(leaders);
    const stuck = accumulator.send(message(0, 'stuck')).catch((error: unknown) => error);
    await accumulator.send(message(1, 'free'));
    expect(leaders.firstCopies(0)).toEqual([]);
    leaders.healPartition(0);
    expect(await stuck).toEqual({ partition: 0, offset: 0n });
  });

  it('without a leader waits for a leader, while the others continue', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 2 });
    leaders.setLeader(0, null);
    const accumulator = make(leaders);
    const waiting = accumulator.send(message(0, 'waits'));
    await accumulator.send(message(1, 'free'));
    leaders.setLeader(0, 0);
    expect((await waiting).offset).toBe(0n);
  });
});

describe('a deadline', () => {
  it('rejects with NOT_PRODUCED if nothing was sent', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 1 });
    leaders.setLeader(0, null);
    const accumulator = make(leaders, { deadlineMs: 80 });
    await expect(accumulator.send(message(0, 'x'))).rejects.toMatchObject({ code: 'NOT_PRODUCED' });
    expect(accumulator.queuedRecords()).toBe(0);
    expect(accumulator.queuedBytes()).toBe(0);
  });

  it('rejects with NOT_PRODUCED if every attempt was refused before the append', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 1 });
    leaders.failPartition(0, 19);
    const accumulator = make(leaders, { deadlineMs: 80 });
    await expect(accumulator.send(message(0, 'x'))).rejects.toMatchObject({ code: 'NOT_PRODUCED' });
  });

  it('rejects with OUTCOME_UNKNOWN during a request, and ignores a late response', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 1 });
    const release = leaders.holdAnswers();
    const accumulator = make(leaders, { deadlineMs: 80 });
    await expect(accumulator.send(message(0, 'x'))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    release();
    expect((await accumulator.send(message(0, 'y'))).offset).toBe(1n);
    expect(leaders.firstCopies(0)).toEqual(['x', 'y']);
  });

  it('rejects with OUTCOME_UNKNOWN after a response that may hide an append', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 1 });
    leaders.failPartition(0, 6);
    const accumulator = make(leaders, { deadlineMs: 80 });
    await expect(accumulator.send(message(0, 'x'))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  it('does not apply to a batch that is sent for ever', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 1 });
    leaders.failPartition(0, 19);
    const accumulator = make(leaders, { deadlineMs: 50 });
    const batch = accumulator.sendBatch([message(0, 'a'), message(0, 'b')], { forever: true });
    await expect(accumulator.send(message(0, 'c'))).rejects.toMatchObject({ code: 'NOT_PRODUCED' });
    leaders.healPartition(0);
    expect(await batch).toBe(0n);
    expect(leaders.firstCopies(0)).toEqual(['a', 'b']);
  });
});

describe('messages sent together', () => {
  it('succeed or fail independently', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 3, refuseValue: 'bad' });
    leaders.setLeader(2, null);
    const accumulator = make(leaders, { deadlineMs: 80 });
    const ended: number[] = [];
    const messages = [message(0, 'a'), message(2, 'stuck'), message(0, 'bad'), message(1, 'b')];
    const ends = await endsOf(accumulator, messages, (index) => ended.push(index));
    expect(ends).toEqual([
      0n,
      expect.objectContaining({ code: 'NOT_PRODUCED' }),
      expect.objectContaining({ code: 'RECORD_REFUSED' }),
      0n,
    ]);
    expect(ended.at(-1)).toBe(1);
  });

  it('are all refused while the queue is full, and after close', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 2 });
    const accumulator = make(leaders, { queueBytesMax: 100, lingerMs: 10_000 });
    const filling = endsOf(
      accumulator,
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((value) => message(0, value)),
    );
    const refused = [
      expect.objectContaining({ code: 'NOT_PRODUCED' }),
      expect.objectContaining({ code: 'NOT_PRODUCED' }),
    ];
    expect(await endsOf(accumulator, [message(0, 'x'), message(1, 'y')])).toEqual(refused);
    await accumulator.close(1_000);
    expect((await filling).every((end) => typeof end === 'bigint')).toBe(true);
    expect(await endsOf(accumulator, [message(0, 'x'), message(1, 'y')])).toEqual(refused);
    expect(leaders.firstCopies(1)).toEqual([]);
  });

  it('are all refused if one cannot be encoded', () => {
    const accumulator = make(createFakeLeaders({ nodes: 1, partitions: 1 }));
    const broken = { ...message(0, 'x'), headers: { a: undefined as unknown as string } };
    expect(() => accumulator.sendEach([message(0, 'a'), broken], () => undefined)).toThrow();
    expect(accumulator.queuedRecords()).toBe(0);
  });
});

describe('a record that the broker refuses', () => {
  it('is found in its batch and rejected alone', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 1, refuseValue: 'bad' });
    const accumulator = make(leaders);
    const values = ['a', 'b', 'c', 'bad', 'd', 'e', 'f', 'g', 'h'];
    const results = await Promise.allSettled(values.map((value) => accumulator.send(message(0, value))));
    expect(results.map((each) => each.status === 'fulfilled')).toEqual(
      values.map((value) => value !== 'bad'),
    );
    expect(results[3]).toMatchObject({ reason: { code: 'RECORD_REFUSED', disposition: 'reject' } });
    expect(leaders.firstCopies(0)).toEqual(values.filter((value) => value !== 'bad'));
  });

  it('fails its batch, and no later record of the batch is written', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 1, refuseValue: 'bad' });
    const accumulator = make(leaders);
    const batch = accumulator.sendBatch(['a', 'bad', 'c'].map((value) => message(0, value)));
    const after = accumulator.send(message(0, 'd'));
    await expect(batch).rejects.toMatchObject({ code: 'RECORD_REFUSED' });
    await after;
    expect(leaders.firstCopies(0)).toEqual(['a', 'd']);
  });

  it('is sent again in a batch without a deadline, and reports the reason, until the broker accepts it', async () => {
    const options: { nodes: number; partitions: number; refuseValue?: string } = {
      nodes: 1,
      partitions: 1,
      refuseValue: 'bad',
    };
    const leaders = createFakeLeaders(options);
    const accumulator = make(leaders);
    const refused = Promise.withResolvers<string>();
    const batch = accumulator.sendBatch(
      ['a', 'bad', 'c'].map((value) => message(0, value)),
      { forever: true, onRefused: refused.resolve },
    );
    const after = accumulator.sendBatch([message(0, 'd')], { forever: true });
    expect(await refused.promise).toBe('INVALID_RECORD');
    expect(leaders.firstCopies(0)).toEqual(['a']);
    delete options.refuseValue;
    expect([await batch, await after]).toEqual([0n, 3n]);
    expect(leaders.firstCopies(0)).toEqual(['a', 'bad', 'c', 'd']);
  });

  it('is not confused with the next record after its sender timed out', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 1, refuseValue: 'bad' });
    const accumulator = make(leaders, { deadlineMs: 60 });
    const release = leaders.holdAnswers();
    const bad = accumulator.send(message(0, 'bad'));
    await expect(bad).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    const good = accumulator.sendBatch([message(0, 'good')], { forever: false });
    release();
    await good;
    expect(leaders.firstCopies(0)).toEqual(['good']);
  });

  it('cuts a batch that is too large in two until it fits', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 1, batchBytesMax: 400 });
    const accumulator = make(leaders);
    const values = Array.from({ length: 40 }, (_, i) => `value-${i}`);
    expect(
      await accumulator.sendBatch(
        values.map((value) => message(0, value)),
        { forever: true },
      ),
    ).toBe(0n);
    expect(leaders.firstCopies(0)).toEqual(values);
  });
});

describe('requests', () => {
  it('collect messages within the linger, up to their limits', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 4 });
    const accumulator = make(leaders, { lingerMs: 5, requestRecordsMax: 25, partitionBytesMax: 300 });
    await Promise.all(Array.from({ length: 100 }, (_, i) => accumulator.send(message(i % 4, `v${i}`))));
    for (const request of leaders.requests()) {
      expect(request.records).toBeLessThanOrEqual(25);
      expect(request.largestPartitionBytes).toBeLessThanOrEqual(300 + 61);
    }
    expect(leaders.requests().length).toBeLessThan(20);
  });

  it('send the batches of one tick together and without a linger', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 3 });
    const accumulator = make(leaders, { lingerMs: 10_000 });
    await Promise.all([0, 1, 2].map((partition) => accumulator.sendBatch([message(partition, 'v')])));
    expect(leaders.requests()).toHaveLength(1);
  });

  it.each([
    ['perLeader', 2],
    ['one', 1],
  ] as const)(
    'in flight %s: while one leader is slow, %i requests are in flight',
    async (inFlight, expected) => {
      const leaders = createFakeLeaders({ nodes: 2, partitions: 2 });
      const release = leaders.holdAnswers();
      const accumulator = make(leaders, { inFlight });
      const slow = accumulator.send(message(0, 'slow'));
      await expect.poll(() => leaders.requests().length).toBe(1);
      const other = accumulator.sendBatch([message(1, 'other')]);
      await sleep(20);
      expect(leaders.requests()).toHaveLength(expected);
      release();
      await Promise.all([slow, other]);
    },
  );
});

describe('limits and close', () => {
  it('a full queue refuses a message at once', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 1 });
    leaders.setLeader(0, null);
    const accumulator = make(leaders, { queueBytesMax: 100, deadlineMs: 5_000 });
    const sends = Array.from({ length: 10 }, (_, i) => accumulator.send(message(0, `value-${i}`)));
    const settled = Promise.allSettled(sends);
    await expect(sends[9]).rejects.toMatchObject({ code: 'NOT_PRODUCED' });
    expect(accumulator.queuedBytes()).toBeLessThan(200);
    expect(accumulator.oldestAgeMs()).toBeGreaterThanOrEqual(0);
    leaders.setLeader(0, 0);
    await settled;
  });

  it('refuses a batch over two partitions, or with a message that cannot be encoded, before it queues anything', async () => {
    const accumulator = make(createFakeLeaders({ nodes: 1, partitions: 2 }));
    await expect(accumulator.sendBatch([message(0, 'a'), message(1, 'b')])).rejects.toThrow(TypeError);
    await expect(accumulator.sendBatch([])).rejects.toThrow(TypeError);
    const broken = { ...message(0, 'x'), headers: { a: undefined as unknown as string } };
    await expect(accumulator.send(broken)).rejects.toThrow();
    expect(accumulator.queuedRecords()).toBe(0);
  });

  it('close flushes the queue and then refuses messages; at its deadline it rejects unsent messages', async () => {
    const leaders = createFakeLeaders({ nodes: 1, partitions: 2 });
    leaders.setLeader(1, null);
    const accumulator = make(leaders, { lingerMs: 10_000 });
    const flushed = accumulator.send(message(0, 'a'));
    const lost = accumulator.sendBatch([message(1, 'b')], { forever: true });
    const closing = accumulator.close(100);
    expect(accumulator.close(9_999)).toBe(closing);
    await expect(accumulator.send(message(0, 'late'))).rejects.toMatchObject({ code: 'NOT_PRODUCED' });
    expect((await flushed).offset).toBe(0n);
    await expect(lost).rejects.toMatchObject({ code: 'NOT_PRODUCED' });
    await closing;
  });
});

function make(
  leaders: FakeLeaders,
  options: Partial<Parameters<typeof createAccumulatorOver>[1]> = {},
): Accumulator {
  const accumulator = createAccumulatorOver(leaders, { log, metrics: noMetrics, lingerMs: 1, ...options });
  open.push(accumulator);
  return accumulator;
}

/** Resolves to the result of `sendEach` for each message, once all have ended. */
function endsOf(
  accumulator: Accumulator,
  messages: readonly OutMessage[],
  onEnd: (index: number) => void = () => undefined,
): Promise<unknown[]> {
  const ends: unknown[] = [];
  let open = messages.length;
  return new Promise((resolve) => {
    accumulator.sendEach(messages, (index, end) => {
      ends[index] = end;
      onEnd(index);
      if (--open === 0) resolve(ends);
    });
  });
}

function message(partition: number, value: string): OutMessage {
  return {
    topic: 't',
    partition,
    key: null,
    value: Buffer.from(value),
    headers: {},
    timestampMs: 1_700_000_000_000,
  };
}
