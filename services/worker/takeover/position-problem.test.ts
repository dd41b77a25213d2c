import { describe, expect, it } from 'vitest';
import { type LaneFacts, positionProblem } from './position-problem.ts';

const ids = { clusterId: 'cluster', commands: 'commands-1', events: 'events-1' };
/** A lane that matches its logs: 10 commands decided and published, one more in the log. */
const fits: LaneFacts = {
  partition: 3,
  nextOffset: 10,
  publishedOffset: 10,
  commands: { low: 0, high: 11 },
  events: { low: 0, high: 12 },
  groupOffset: 10,
  lastSource: 9,
  highestSource: 9,
  stored: ids,
  found: ids,
  record: 'same',
  markedNext: 10,
  outboxEnd: -1,
  outcomeMark: { source: 9, offset: 11 },
  outcome: 'same',
};
const unmarked: Partial<LaneFacts> = { outcomeMark: { source: -1, offset: -1 }, outcome: 'unknown' };
const why = (change: Partial<LaneFacts>) => positionProblem({ ...fits, ...change })?.why ?? null;

describe('a lane matches its logs', () => {
  it.each<[string, Partial<LaneFacts>]>([
    ['with everything in its place', {}],
    [
      'that an older worker has left without marks or ids',
      { ...unmarked, record: 'unknown', stored: { clusterId: '', commands: '', events: '' } },
    ],
    [
      'whose last decided command retention has deleted',
      { record: 'unknown', commands: { low: 10, high: 11 } },
    ],
    [
      'whose outcomes retention has deleted',
      { ...unmarked, events: { low: 12, high: 12 }, lastSource: null, highestSource: null },
    ],
    ['after which an older worker has added repeats', { lastSource: 4, highestSource: 9, ...unmarked }],
    [
      'that a worker without marks has moved forward',
      { nextOffset: 11, lastSource: 10, commands: { low: 0, high: 12 } },
    ],
    [
      'that a worker without marks has moved forward before it died with the outcome unpublished',
      { nextOffset: 11, outboxEnd: 11, commands: { low: 0, high: 12 } },
    ],
    ['on a copy of its command topic with the same offsets', { found: { ...ids, commands: 'commands-2' } }],
    [
      'on a topic that was recreated before anything was decided',
      {
        nextOffset: 0,
        publishedOffset: 0,
        ...unmarked,
        record: 'unknown',
        lastSource: null,
        highestSource: null,
        groupOffset: null,
        found: { ...ids, commands: 'commands-2', events: 'events-2' },
        events: { low: 0, high: 0 },
      },
    ],
  ])('%s', (_what, change) => expect(why(change)).toBeNull());
});

describe('a lane does not match', () => {
  it.each<[string, Partial<LaneFacts>, string]>([
    [
      'a command topic that was recreated and filled beyond it',
      { found: { ...ids, commands: 'commands-2' }, record: 'other' },
      'commandsMadeAnew',
    ],
    [
      'a command topic of another cluster',
      { found: { clusterId: 'b', commands: 'c', events: 'e' }, record: 'unknown' },
      'commandsMadeAnew',
    ],
    ['a command topic that ends before it', { commands: { low: 0, high: 9 } }, 'aheadOfLog'],
    ['a last decided command at a lower offset', { nextOffset: 11 }, 'positionMoved'],
    [
      'a log that ends before the position, with a mark at another position',
      { nextOffset: 14 },
      'positionMoved',
    ],
    [
      'a command topic that begins after it',
      { commands: { low: 11, high: 12 }, record: 'unknown' },
      'behindLog',
    ],
    ['a command topic that was truncated and filled again', { record: 'other' }, 'otherRecord'],
    ['a group that has committed more', { groupOffset: 11 }, 'behindGroup'],
    ['an outcome of a command that it has not decided', { lastSource: 10 }, 'behindEvents'],
    [
      'an outcome topic that was recreated',
      { found: { ...ids, events: 'events-2' }, outcome: 'gone' },
      'eventsMadeAnew',
    ],
    ['an outcome topic without its last acknowledged outcome', { outcome: 'gone' }, 'outcomesCut'],
    [
      'an outcome topic that ends early, without a mark',
      { ...unmarked, lastSource: 6, highestSource: 6 },
      'outcomesCut',
    ],
    [
      'an empty outcome topic, without a mark',
      { ...unmarked, events: { low: 0, high: 0 }, lastSource: null, highestSource: null },
      'outcomesCut',
    ],
  ])('%s', (_what, change, expected) => {
    expect(why(change)).toBe(expected);
    expect(positionProblem({ ...fits, ...change })?.message).toContain('`orderstream recover ');
  });
});

it('a position that was moved back by hand names the command that repairs it', () => {
  const moved = positionProblem({ ...fits, nextOffset: 7 });
  expect(moved?.why).toBe('behindGroup');
  expect(moved?.message).toContain(
    '`orderstream recover position 3 --to 10`, then `orderstream recover continue`',
  );
});
