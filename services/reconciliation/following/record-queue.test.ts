import { expect, it, vi } from 'vitest';
import { systemClock } from '../../shared/clock/index.ts';
import { appError } from '../../shared/errors/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import { createLogger } from '../../shared/log/index.ts';
import { createHealth } from '../running/health.ts';
import type { Follower } from './follower.ts';
import { startFeed } from './record-queue.ts';

const records = (count: number, partition = 0): InRecord[] =>
  Array.from(
    { length: count },
    (_, offset) => ({ topic: 't', partition, offset: BigInt(offset) }) as InRecord,
  );

function start(follow: Follower['follow']) {
  const deps = { pauseAll: vi.fn(), resumeAll: vi.fn(), fatal: vi.fn() };
  const feed = startFeed({
    ...deps,
    follower: { follow },
    backoff: () => 1,
    health: createHealth(systemClock),
    log: createLogger({ service: 'test', level: 'silent', instanceId: 'test' }),
  });
  return { feed, ...deps };
}

it('pauses the partitions while the follower is behind, and resumes them when it has caught up', async () => {
  const held = Promise.withResolvers<void>();
  const { feed, pauseAll, resumeAll } = start(() => held.promise);
  feed.enqueue(records(15_000));
  expect(pauseAll).not.toHaveBeenCalled();
  feed.enqueue(records(6_000, 1));
  expect(pauseAll).toHaveBeenCalledTimes(1);
  held.resolve();
  await expect.poll(() => resumeAll.mock.calls.length).toBe(1);
  await feed.stop();
});

it('gives the follower the records of all partitions of one fetch together, in order of arrival', async () => {
  const followed: number[][] = [];
  const { feed } = start(async (taken) => {
    followed.push(taken.map(({ partition }) => partition));
  });
  // As in a fetch: the partitions follow each other, with nothing but promises between them.
  for (const partition of [0, 1, 2]) {
    feed.enqueue(records(2, partition));
    await Promise.resolve();
  }
  await expect.poll(() => followed).toEqual([[0, 0, 1, 1, 2, 2]]);
  await feed.stop();
});

it('waits during temporary errors without skipping a record', async () => {
  let failures = 2;
  const followed: number[] = [];
  const { feed, fatal } = start(async (taken) => {
    if (failures-- > 0) throw appError('MYSQL_CONNECTION_LOST', { reason: 'test' });
    followed.push(taken.length);
  });
  feed.enqueue(records(4_500));
  await expect.poll(() => followed).toEqual([4_000, 500]);
  expect(fatal).not.toHaveBeenCalled();
  await feed.stop();
});

it('ends the process on a permanent error', async () => {
  const { feed, fatal } = start(async () => {
    throw appError('MYSQL_SCHEMA', { reason: 'test' });
  });
  feed.enqueue(records(1));
  await expect.poll(() => fatal.mock.calls.length).toBe(1);
  await feed.stop();
});
