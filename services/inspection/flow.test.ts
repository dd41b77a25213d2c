import { describe, expect, it } from 'vitest';
import { flowBetween } from './flow.ts';

const reading = (monotonicMs: number, ...lanes: [end: number, published: number][]) => ({
  monotonicMs,
  lanes: lanes.map(([end, published], partition) => ({ partition, end, published, lag: end - published })),
});

describe('the flow between two readings', () => {
  it('has rates per lane and their sums', () => {
    const flow = flowBetween(reading(0, [100, 100], [10, 0]), reading(2_000, [300, 200], [10, 10]));
    expect(flow).toEqual({
      ...{ seconds: 2, arrivalRate: 100, outcomeRate: 55, backlog: 100, drainSeconds: null },
      lanes: [
        { partition: 0, arrivalRate: 100, outcomeRate: 50 },
        { partition: 1, arrivalRate: 0, outcomeRate: 5 },
      ],
    });
  });

  it.each<[string, [number, number], [number, number], number | null]>([
    ['shrinks', [100, 0], [110, 60], 1],
    ['stays', [100, 0], [110, 10], null],
    ['is empty', [100, 0], [110, 110], 0],
  ])('says when the backlog is drained if it %s', (_what, before, after, expected) => {
    expect(flowBetween(reading(0, before), reading(1_000, after)).drainSeconds).toBe(expected);
  });

  it('counts a lane that went back, or that is new, as 0', () => {
    const flow = flowBetween(reading(0, [100, 100]), reading(1_000, [5, 5], [9, 9]));
    expect([flow.arrivalRate, flow.outcomeRate]).toEqual([0, 0]);
  });

  it('needs a later reading', () => {
    expect(() => flowBetween(reading(5), reading(5))).toThrow(RangeError);
  });
});
