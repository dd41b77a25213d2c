import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock/index.ts';
import { createLogger } from '../../shared/log/index.ts';
import { noMetrics } from '../../shared/metrics/index.ts';
import { createStall } from '../stall.ts';
import { type LogWatch, type LogWatchDeps, startLogWatch } from './log-watch.ts';

let watch: LogWatch | undefined;
afterEach(() => watch?.stop());

function open(different: Partial<LogWatchDeps> = {}) {
  const restarts: string[] = [];
  const topic = { id: 'first', stored: null as string | null };
  const stall = createStall(systemClock);
  watch = startLogWatch({
    beginnings: async () =>
      new Map([
        [0, 7n],
        [1, 0n],
      ]),
    topicId: async () => topic.id,
    storedTopicId: async () => topic.stored,
    async storeTopicId(id) {
      topic.stored = id;
    },
    partitions: () => [0, 1],
    restart: (partition, from) => void restarts.push(`${partition} from ${from}`),
    everyMs: 5,
    backoff: () => 5,
    stall,
    log: createLogger({ service: 'test', level: 'silent', instanceId: 'test' }),
    metrics: noMetrics,
    ...different,
  });
  return { restarts, topic, stall };
}

it('reads a partition again from the beginning of the log when its position is outside', async () => {
  const { restarts } = open();
  watch!.outOfRange(0, 900n);
  await expect.poll(() => restarts).toEqual(['0 from 7']);
});

it('retries until the brokers answer, and reports how long it has waited', async () => {
  let failures = 3;
  const { restarts, stall } = open({
    beginnings: async () => {
      if (failures-- > 0) throw new Error('no broker');
      return new Map([[1, 2n]]);
    },
  });
  watch!.outOfRange(1, null);
  await expect.poll(() => stall.waitingMs()).toBeGreaterThan(0);
  await expect.poll(() => restarts).toEqual(['1 from 2']);
  expect(stall.waitingMs()).toBe(0);
});

it('ignores a partition that was lost meanwhile', async () => {
  const { restarts } = open({ partitions: () => [1] });
  watch!.outOfRange(0, 1n);
  watch!.outOfRange(1, 1n);
  await expect.poll(() => restarts).toEqual(['1 from 0']);
});

it('reads everything again, once, after the topic was recreated', async () => {
  const { restarts, topic } = open();
  await expect.poll(() => topic.stored).toBe('first');
  expect(restarts).toEqual([]);
  topic.id = 'second';
  await expect.poll(() => topic.stored).toBe('second');
  expect(restarts).toEqual(['0 from 7', '1 from 0']);
});

it('detects at its start that the topic was recreated while no instance ran', async () => {
  const { restarts, topic } = open({ storedTopicId: async () => 'before' });
  await expect.poll(() => topic.stored).toBe('first');
  expect(restarts).toHaveLength(2);
});
