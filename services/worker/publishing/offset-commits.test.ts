import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GroupConsumer } from '../../shared/kafka/index.ts';
import { noMetrics } from '../../shared/metrics/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { newLane, openLane, publishAndAcknowledge, silent } from '../testing/fakes.ts';
import { createOffsetCommits, type OffsetCommits } from './offset-commits.ts';

const topic = 'orders.commands.v1';
let commits: OffsetCommits | null = null;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  commits?.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function createWorld(lanes: Lane[]) {
  const sent: string[] = [];
  const group = {
    generation: 1 as number | null,
    answer: async () => 'committed' as 'committed' | 'notOwner',
  };
  const consumer = {
    generation: () => group.generation,
    commit(offsets) {
      sent.push(offsets.map(({ partition, offset }) => `${partition}@${offset}`).join(' '));
      return group.answer();
    },
  } as Partial<GroupConsumer> as GroupConsumer;
  commits = createOffsetCommits({ topic, lanes: () => lanes, consumer, metrics: noMetrics, log: silent });
  return { sent, group, commit: () => commits!.commit() };
}

function acknowledged(partition: number, to: number): Lane {
  const lane = openLane(partition, 0);
  publishAndAcknowledge(lane, 0, to);
  return lane;
}

describe('offset commits', () => {
  it('commits the acknowledged positions that moved, every half second', async () => {
    const lanes = [acknowledged(0, 5), acknowledged(1, 9)];
    const { sent } = createWorld(lanes);
    await vi.advanceTimersByTimeAsync(500);
    publishAndAcknowledge(lanes[1]!, 9, 12);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent).toEqual(['0@5 1@9', '1@12']);
  });

  it('repeats unchanged offsets every ten seconds, because a former owner may have moved them back', async () => {
    const { sent } = createWorld([acknowledged(0, 5)]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toEqual(['0@5']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent).toEqual(['0@5', '0@5']);
  });

  it('omits lanes that are not held', async () => {
    const closed = acknowledged(1, 5);
    closed.close();
    const { sent, commit } = createWorld([newLane().lane, closed]);
    await commit();
    expect(sent).toEqual([]);
  });

  it('commits nothing outside a join', async () => {
    const { sent, group, commit } = createWorld([acknowledged(0, 5)]);
    group.generation = null;
    await commit();
    expect(sent).toEqual([]);
  });

  it('retries commits that the group refused, and failed commits', async () => {
    const { sent, group, commit } = createWorld([acknowledged(0, 5)]);
    group.answer = async () => 'notOwner';
    await commit();
    group.answer = () => Promise.reject(new Error('away'));
    await commit();
    group.answer = async () => 'committed';
    await commit();
    await commit();
    expect(sent).toEqual(['0@5', '0@5', '0@5']);
  });

  it('runs one commit at a time', async () => {
    const { sent, group, commit } = createWorld([acknowledged(0, 5)]);
    const answer = Promise.withResolvers<'committed'>();
    group.answer = () => answer.promise;
    const [first, second] = [commit(), commit()];
    answer.resolve('committed');
    await Promise.all([first, second]);
    expect(sent).toEqual(['0@5']);
  });
});
