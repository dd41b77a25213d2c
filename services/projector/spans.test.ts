import { expect, test, vi } from 'vitest';
import { PartitionBuffer } from '../shared/consuming/index.ts';
import type { InRecord } from '../shared/kafka/index.ts';
import { createSpans, spanRecordsMax } from './spans.ts';

let next = 0n;
const records = (count: number): InRecord[] =>
  Array.from({ length: count }, () => ({ offset: next++ }) as InRecord);

function start() {
  const buffer = new PartitionBuffer(
    { recordsHigh: 4_000, recordsLow: 2_000 },
    { pause: vi.fn(), resume: vi.fn() },
  );
  const abort = new AbortController();
  const spans = createSpans(buffer, abort.signal);
  const take = (): number => {
    const { length } = buffer.take(spanRecordsMax);
    spans.took(length);
    return length;
  };
  return { buffer, abort, spans, take };
}

/** Whether the promise is still open after all other work of this turn. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  let open = true;
  void promise.then(() => {
    open = false;
  });
  await new Promise(setImmediate);
  return open;
}

test('the first outcome after a silence is due at once', async () => {
  const { buffer, spans, take } = start();
  const due = spans.due();
  expect(await isOpen(due)).toBe(true);
  buffer.addNew(records(1));
  await due;
  expect(take()).toBe(1);
});

test('under load outcomes wait for a full transaction, and a backlog does not wait', async () => {
  const { buffer, spans, take } = start();
  buffer.addNew(records(2 * spanRecordsMax));
  await spans.due();
  expect(take()).toBe(spanRecordsMax);
  await spans.due();
  expect(take()).toBe(spanRecordsMax);
  buffer.addNew(records(spanRecordsMax - 1));
  const due = spans.due();
  expect(await isOpen(due)).toBe(true);
  buffer.addNew(records(1));
  await due;
  expect(take()).toBe(spanRecordsMax);
});

test('the end of the projector ends the wait', async () => {
  const { buffer, abort, spans, take } = start();
  buffer.addNew(records(spanRecordsMax));
  await spans.due();
  take();
  buffer.addNew(records(1));
  const due = spans.due();
  expect(await isOpen(due)).toBe(true);
  abort.abort();
  await due;
});
