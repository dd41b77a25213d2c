import { describe, expect, test } from 'vitest';
import type { Outcomes } from './outcomes.ts';
import { isGood, type Report, reportText } from './report.ts';
import { add, createTally } from './tally.ts';

function reportOf(changes: Partial<Report> = {}, outcomes: Partial<Outcomes> = {}): Report {
  const tally = createTally();
  tally.asked = 1_200;
  tally.requests = 1_201;
  tally.retries = 1;
  tally.accepted = 1_200;
  add(tally.answers, '503 OVERLOADED');
  add(tally.answers, '202', 1_200);
  for (let ms = 1; ms <= 1_000; ms++) tally.latency.record(ms);
  tally.outcomeLatency.record(20, 99);
  tally.outcomeLatency.record(500, 1);
  return {
    scenario: 'steady',
    seed: 7,
    keyPrefix: 'load-steady-1-',
    seconds: 4,
    isInterrupted: false,
    tally,
    outcomes: {
      statuses: new Map([
        ['REJECTED', 200],
        ['PENDING_PAYMENT', 1_000],
      ]),
      reasons: new Map([['OUT_OF_STOCK', 200]]),
      missing: [],
      ...outcomes,
    },
    endedBecause: null,
    ...changes,
  };
}

test('the table has requests, orders, outcomes and latencies', () => {
  expect(reportText(reportOf()).split('\n')).toEqual([
    'steady, 4.0 s, seed 7, keys load-steady-1-…',
    '',
    'requests                                  1,201',
    '  202                                     1,200',
    '  503 OVERLOADED                              1',
    '  of these sent again with the same keys      1',
    'orders                                    1,200',
    '  accepted                                1,200',
    '  accepted per second                       300',
    '  without an answer                           0',
    '  not sent                                    0',
    'outcomes                                  1,200',
    '  PENDING_PAYMENT                         1,000',
    '  REJECTED                                  200',
    '    OUT_OF_STOCK                            200',
    '  missing                                     0',
    '',
    'ms since the due time         p50    p95    p99    max',
    'until the order was accepted  500.2  950.3  990.2  1000.0  of 1,000 requests',
    'until the outcome             20.0   20.0   20.0   500.0   of 2 sampled orders',
    '',
    'Every accepted order has its outcome, and no unexpected answer came.',
  ]);
});

test('without any latency the table has dashes', () => {
  const text = reportText(reportOf({ tally: createTally() }));
  expect(text).toContain('until the order was accepted  –    –    –    –    of 0 requests');
});

test('an interrupted run says so, and can be good', () => {
  const report = reportOf({ isInterrupted: true });
  expect(reportText(report)).toContain('steady, 4.0 s (interrupted), seed 7');
  expect(isGood(report)).toBe(true);
});

describe('a run fails', () => {
  const withErrors = reportOf();
  withErrors.tally.errors = 3;
  const withUnanswered = reportOf();
  withUnanswered.tally.unanswered = 2;
  const missing = Array.from({ length: 130 }, (_, i) => ({ id: `o${i}`, why: 'still QUEUED' }));

  test.each([
    ['with unexpected answers', withErrors, 'Failed: 3 answers were not expected.'],
    ['with orders without an answer', withUnanswered, 'Failed: 2 orders have no answer and may exist.'],
    [
      'with missing outcomes',
      reportOf({}, { missing }),
      'Failed: 130 accepted orders have no known outcome.',
    ],
    ['if a fault ended it', reportOf({ endedBecause: 'the disk is full' }), 'Failed: the disk is full.'],
  ])('%s', (_, report, sentence) => {
    expect(isGood(report)).toBe(false);
    expect(reportText(report).split('\n').at(-1)).toBe(sentence);
  });

  test('and names a hundred of the missing orders', () => {
    const lines = reportText(reportOf({}, { missing })).split('\n');
    expect(lines[0]).toBe('missing: order o0: still QUEUED');
    expect(lines[99]).toBe('missing: order o99: still QUEUED');
    expect(lines[100]).toBe('missing: and 30 more');
  });
});
