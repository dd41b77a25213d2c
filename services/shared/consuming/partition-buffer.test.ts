import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { InRecord } from '../kafka/index.ts';
import { PartitionBuffer, weightOf } from './partition-buffer.ts';

const recordAt = (offset: number): InRecord => ({
  topic: 't',
  partition: 0,
  offset: BigInt(offset),
  timestampMs: 0,
  key: null,
  value: Buffer.alloc(10),
  headers: {},
});
const records = (from: number, to: number): InRecord[] =>
  Array.from({ length: to - from }, (_, n) => recordAt(from + n));
const offsetsOf = (taken: readonly InRecord[]): number[] => taken.map(({ offset }) => Number(offset));
const never = new AbortController().signal;

function start(limits: Partial<ConstructorParameters<typeof PartitionBuffer>[0]> = {}) {
  const flow = { pause: vi.fn(), resume: vi.fn() };
  return { buffer: new PartitionBuffer({ recordsHigh: 10, recordsLow: 4, ...limits }, flow), ...flow };
}

describe('the wait for more records', () => {
  it('ends with enough records, or at the signal', async () => {
    const { buffer } = start();
    buffer.addNew(records(0, 2));
    let isOver = false;
    const waiting = buffer.untilMore(4, 60_000, never).then(() => {
      isOver = true;
    });
    buffer.addNew(records(2, 3));
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    buffer.addNew(records(3, 4));
    await waiting;
    const abort = new AbortController();
    const aborted = buffer.untilMore(9, 60_000, abort.signal);
    abort.abort();
    await aborted;
    await buffer.untilMore(9, 60_000, abort.signal);
    expect(offsetsOf(buffer.take(9))).toEqual([0, 1, 2, 3]);
  });

  it('ends at its timeout, with fewer records', async () => {
    const { buffer } = start();
    buffer.addNew(records(0, 2));
    await buffer.untilMore(4, 5, never);
    expect(buffer.length).toBe(2);
  });

  it('rejects after a stop with a failure', async () => {
    const { buffer } = start();
    const waiting = buffer.untilMore(4, 60_000, never);
    buffer.stop({ error: new Error('stopped') });
    await expect(waiting).rejects.toThrow('stopped');
  });
});

describe('the flow', () => {
  it('pauses once at the high limit and resumes once at the low limit', () => {
    const { buffer, pause, resume } = start();
    buffer.addNew(records(0, 12));
    expect(pause).toHaveBeenCalledTimes(1);
    buffer.take(7);
    expect(resume).not.toHaveBeenCalled();
    buffer.take(1);
    expect(resume).toHaveBeenCalledTimes(1);
    buffer.take(1);
    expect(resume).toHaveBeenCalledTimes(1);
  });

  it('pauses at the limit of bytes, and does not resume above it', () => {
    const weight = weightOf(recordAt(0));
    const { buffer, pause, resume } = start({ bytesHigh: 3 * weight });
    buffer.addNew(records(0, 2));
    expect(pause).not.toHaveBeenCalled();
    buffer.addNew(records(2, 4));
    expect(pause).toHaveBeenCalledTimes(1);
    expect(buffer.bytes).toBe(4 * weight);
    buffer.dropBelow(1);
    expect(resume).not.toHaveBeenCalled();
    buffer.dropBelow(2);
    expect(resume).toHaveBeenCalledTimes(1);
  });
});

describe('the first offset', () => {
  it('drops repeated records', () => {
    const { buffer } = start();
    buffer.addNew(records(0, 4));
    buffer.addNew(records(2, 6));
    expect(offsetsOf(buffer.take(10))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('accepts nothing while stopped, and then records from its start offset on', () => {
    const { buffer, pause, resume } = start();
    buffer.addNew(records(0, 2));
    buffer.stop();
    expect(pause).toHaveBeenCalledTimes(1);
    buffer.addNew(records(2, 4));
    expect(buffer.length).toBe(0);
    buffer.startAt(3n);
    expect(resume).toHaveBeenCalledTimes(1);
    buffer.addNew(records(1, 5));
    expect(offsetsOf(buffer.take(10))).toEqual([3, 4]);
  });
});

describe('waiting', () => {
  it('ends with the first record', async () => {
    const { buffer } = start();
    const ready = buffer.untilReady(never);
    buffer.push(recordAt(5));
    await ready;
    expect(offsetsOf(buffer.take(1))).toEqual([5]);
  });

  it('ends when its signal aborts', async () => {
    const abort = new AbortController();
    const ready = start().buffer.untilReady(abort.signal);
    abort.abort();
    await ready;
    await start().buffer.untilReady(abort.signal);
  });

  it('rejects with the error of a stop, until the next start', async () => {
    const { buffer } = start();
    const ready = buffer.untilReady(never);
    buffer.stop({ error: new Error('another log') });
    await expect(ready).rejects.toThrow('another log');
    await expect(buffer.untilReady(never)).rejects.toThrow('another log');
    buffer.startAt(0n);
    buffer.push(recordAt(0));
    await buffer.untilReady(never);
  });
});

describe('its head', () => {
  it('is returned by `peek` and stays in the buffer', () => {
    const { buffer } = start();
    buffer.addNew(records(3, 6));
    expect(offsetsOf(buffer.peek(2))).toEqual([3, 4]);
    expect(offsetsOf(buffer.peek(9, 1_000_000))).toEqual([3, 4, 5]);
    expect(buffer.firstOffset).toBe(3);
  });

  it('respects the limits, but has at least one record', () => {
    const { buffer } = start();
    buffer.addNew(records(0, 3));
    const weight = weightOf(recordAt(0));
    expect(buffer.peek(9, 2 * weight)).toHaveLength(2);
    expect(buffer.peek(9, 2 * weight - 1)).toHaveLength(1);
    expect(buffer.peek(9, 1)).toHaveLength(1);
    expect(start().buffer.peek(9, 1)).toEqual([]);
  });
});

it('counts the bytes of key, value and headers', () => {
  const full = {
    ...recordAt(0),
    key: Buffer.alloc(10),
    value: Buffer.alloc(110),
    headers: { name: Buffer.alloc(1_000), text: 'four', none: undefined },
  };
  expect(weightOf(full) - weightOf(recordAt(0))).toBe(10 + 100 + 1_000 + 4 + 'nametextnone'.length);
});

it('holds the same records as a plain list, after any additions and removals', () => {
  const anyStep = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 900 }) }),
    fc.record({ drop: fc.nat({ max: 1_500 }) }),
    fc.record({ take: fc.nat({ max: 1_500 }) }),
  );
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 20 }), (steps) => {
      const { buffer } = start({ bytesHigh: 1_000_000 });
      let model: number[] = [];
      let next = 0;
      for (const step of steps) {
        if ('push' in step) {
          const added = records(next, next + step.push);
          for (const record of added) buffer.push(record);
          model.push(...offsetsOf(added));
          next += step.push;
        } else if ('drop' in step) {
          const below = (model[0] ?? next) + step.drop;
          buffer.dropBelow(below);
          model = model.filter((offset) => offset >= below);
        } else expect(offsetsOf(buffer.take(step.take))).toEqual(model.splice(0, step.take));
        expect(offsetsOf(buffer.peek(10_000))).toEqual(model);
        expect(buffer.length).toBe(model.length);
        expect(buffer.bytes).toBe(model.length * weightOf(recordAt(0)));
        expect(buffer.firstOffset).toBe(model[0] ?? -1);
      }
    }),
    { numRuns: 30 },
  );
});
