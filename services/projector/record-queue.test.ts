import { describe, expect, it } from 'vitest';
import type { InRecord } from '../shared/kafka/index.ts';
import { createRecordQueue } from './record-queue.ts';

const records = (from: number, to: number): InRecord[] =>
  Array.from({ length: to - from }, (_, n) => ({ offset: BigInt(from + n) }) as InRecord);
const offsets = (taken: InRecord[]) => taken.map(({ offset }) => Number(offset));
const never = new AbortController().signal;

function createFlow() {
  const calls: string[] = [];
  return { calls, pause: () => void calls.push('pause'), resume: () => void calls.push('resume') };
}

describe('the record queue of a partition', () => {
  it('takes nothing before it knows its start offset', async () => {
    const queue = createRecordQueue(createFlow());
    queue.add(records(0, 5));
    queue.begin(7n);
    queue.add(records(5, 9));
    expect(offsets(await queue.take(10, never))).toEqual([7, 8]);
  });

  it('drops records that are delivered again', async () => {
    const queue = createRecordQueue(createFlow());
    queue.begin(0n);
    queue.add(records(0, 4));
    queue.add(records(2, 6));
    expect(offsets(await queue.take(10, never))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('pauses its partition while it is full', async () => {
    const flow = createFlow();
    const queue = createRecordQueue(flow);
    queue.begin(0n);
    queue.add(records(0, 4_000));
    expect(flow.calls).toEqual(['resume', 'pause']);
    await queue.take(1_999, never);
    expect(flow.calls).toEqual(['resume', 'pause']);
    await queue.take(1, never);
    expect(flow.calls).toEqual(['resume', 'pause', 'resume']);
  });

  it('waits for the first record, until its signal fires', async () => {
    const queue = createRecordQueue(createFlow());
    const abort = new AbortController();
    queue.begin(0n);
    const first = queue.take(1, abort.signal);
    queue.add(records(0, 1));
    expect(offsets(await first)).toEqual([0]);
    const second = queue.take(1, abort.signal);
    abort.abort();
    expect(await second).toEqual([]);
  });
});
