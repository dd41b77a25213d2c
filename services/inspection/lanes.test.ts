import { describe, expect, it } from 'vitest';
import {
  isStalled,
  type LaneRow,
  type LaneWait,
  lagSeconds,
  standings,
  stillLanes,
  waitsFor,
} from './lanes.ts';

const NOW_MS = 1_000_000;
const endsOf = (...ends: number[]) =>
  new Map(ends.map((end, partition) => [partition, { low: 0n, high: BigInt(end) }]));
const lane: LaneRow = {
  partition: 3,
  owner: 'worker-1',
  epoch: 4,
  next: 10,
  published: 10,
  movedAtMs: NOW_MS - 500,
  outboxRows: 0,
  suspect: null,
  deaths: 0,
  wait: null,
};

const wait: LaneWait = {
  offset: 10,
  place: 'decide',
  needsOperator: false,
  why: 'the database is away',
  sinceMs: NOW_MS - 61_000,
};

describe('a lane waits for', () => {
  it.each<[string, Partial<LaneRow>, number, string]>([
    ['nothing, if every command has its outcome', {}, 10, ''],
    ['its owner, while commands are undecided', {}, 12, 'worker-1 to decide 2 commands from offset 10 on'],
    [
      'its owner, which makes no progress',
      { movedAtMs: NOW_MS - 61_000 },
      11,
      'worker-1 to decide 1 command from offset 10 on, which has decided nothing for 61 s',
    ],
    [
      'an owner, if it has none',
      { owner: '' },
      11,
      'a worker to take the lane and decide 1 command from offset 10 on',
    ],
    [
      'Kafka, if outcomes are decided but not published',
      { published: 8 },
      12,
      "Kafka's acknowledgement of 2 outcomes (offsets 8 to 9)",
    ],
    [
      'an owner and Kafka, if the previous owner left unpublished outcomes',
      { published: 8, owner: '' },
      10,
      "a worker to take the lane, then Kafka's acknowledgement of 2 outcomes (offsets 8 to 9)",
    ],
    [
      'an owner that retries the record that crashed the previous owner',
      { suspect: 10, deaths: 2 },
      12,
      'worker-1, which retries offset 10 on its own after 2 crashes there',
    ],
    [
      'the cause that its owner reports',
      { wait },
      12,
      'worker-1 waits at offset 10 (decide) for 61 s: the database is away',
    ],
    [
      'an operator, if its owner reports that a retry is unlikely to help',
      { wait: { ...wait, needsOperator: true, why: 'nobody decides it' } },
      12,
      'worker-1 waits at offset 10 (decide) for 61 s: nobody decides it; to go on without it: ' +
        '`orderstream recover skip --partition 3 --offset 10`',
    ],
    [
      'a decision, if its owner has stopped it',
      { wait: { ...wait, place: 'stopped', needsOperator: true, why: 'the log was truncated' } },
      12,
      'worker-1 stopped at offset 10 for 61 s: the log was truncated; see `orderstream recover status`',
    ],
    [
      'an operator, if the log is shorter',
      {},
      7,
      'the lane cannot continue: the log ends at 7, before its position 10',
    ],
  ])('%s', (_what, change, end, sentence) => {
    expect(waitsFor({ ...lane, ...change }, end, NOW_MS)).toBe(sentence);
  });
});

describe('standings', () => {
  it('have an entry for partitions that no worker has ever claimed', () => {
    const lines = standings([{ ...lane, partition: 1 }], endsOf(0, 12, 5), NOW_MS);
    expect(lines.map(({ partition, lag }) => [partition, lag])).toEqual([
      [0, 0],
      [1, 2],
      [2, 5],
    ]);
    expect(lines[2]?.waitsFor).toBe('a worker to take the lane and decide 5 commands from offset 0 on');
  });
});

describe('stalled lanes', () => {
  it('are listed with their owners, and other lanes are not', () => {
    const rows = Array.from({ length: 12 }, (_, partition) => ({
      ...lane,
      partition,
      owner: `worker-${partition % 2}`,
      wait: partition === 7 ? wait : null,
      movedAtMs: partition === 3 ? NOW_MS - 60_000 : NOW_MS,
    }));
    const lines = standings(rows, endsOf(...Array(12).fill(12)), NOW_MS);
    expect(stillLanes(lines, NOW_MS)).toEqual(['2 of 12 lanes make no progress: 3 (worker-1), 7 (worker-1)']);
    expect(stillLanes(standings(rows.slice(0, 3), endsOf(12, 12, 12), NOW_MS), NOW_MS)).toEqual([]);
  });
});

describe('a lane is stalled', () => {
  it.each<[string, boolean, Partial<LaneRow> & { lag?: number; oldestAtMs?: number | null }]>([
    ['if it decides nothing for more than 10 s', true, { lag: 1, oldestAtMs: NOW_MS - 10_001 }],
    ['not while its oldest command is younger', false, { lag: 1, oldestAtMs: NOW_MS - 10_000 }],
    ['not if it decided something', false, { lag: 1, oldestAtMs: NOW_MS - 60_000, movedAtMs: NOW_MS }],
    ['not without commands', false, { lag: 0, oldestAtMs: null }],
    ['if its owner reports a wait', true, { wait }],
  ])('%s', (_what, expected, change) => {
    expect(isStalled({ lag: 0, oldestAtMs: null, ...lane, movedAtMs: 0, ...change }, NOW_MS)).toBe(expected);
  });
});

describe('the lag in seconds', () => {
  it('is the age of the oldest command, and never below 0', () => {
    const ages = [NOW_MS - 1_500, NOW_MS + 5_000, null].map((oldestAtMs) =>
      lagSeconds({ oldestAtMs }, NOW_MS),
    );
    expect(ages).toEqual([1.5, 0, 0]);
  });
});
