import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { COMMANDS, EVENTS, STATE } from '../../../topics/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import { writeNote } from './position-note.ts';
import { followedTopics, type StartsDeps, startsOfGroup } from './start-offsets.ts';

const idOf = (topic: string): string => topic.padEnd(22, '_').replaceAll('.', '_').slice(0, 22);
const otherId = 'AAAAAAAAAAAAAAAAAAAAAA';

/**
 * The start offsets of a group with these commits. Partition 0 of every topic has offsets 10 to 59, and each record
 * has its offset as key and value.
 */
async function startsWith(committed: Record<string, { offset: bigint; note: string }>) {
  const deps: StartsDeps = {
    admin: {
      endOffsets: async () => new Map([[0, { low: 10n, high: 60n }]]),
      groupPositions: async (_group, topic) => {
        const position = committed[topic];
        return new Map(position === undefined ? [] : [[0, position]]);
      },
    },
    mysql: { rows: async () => [] } as unknown as Queryable,
    lastIds: new Map(),
    topicIds: new Map(followedTopics.map((topic) => [topic, idOf(topic)])),
    readRecord: async (topic, partition, offset) =>
      ({
        topic,
        partition,
        offset,
        key: Buffer.from(`${offset}`),
        value: Buffer.from(`${offset}`),
      }) as InRecord,
  };
  const { offsets, differences, wholeStates } = await startsOfGroup(deps);
  const of = (topic: string) => offsets.find((each) => each.topic === topic && each.partition === 0)!.offset;
  return { of, wholeStates, found: differences.map(({ kind, subject }) => `${kind} ${subject}`) };
}

const noted = (topic: string, offset: bigint, lastHash: number | null = crc32(`${offset - 1n}`)) => ({
  offset,
  note: writeNote({ topicId: idOf(topic), lastHash }),
});

describe('start offsets', () => {
  it('continue at the group offset if the log is the same', async () => {
    const { of, found } = await startsWith({
      [COMMANDS]: noted(COMMANDS, 40n),
      [EVENTS]: noted(EVENTS, 60n),
      [STATE]: noted(STATE, 20n, null),
    });
    expect([of(COMMANDS), of(EVENTS), of(STATE), found]).toEqual([40n, 60n, 20n, []]);
  });

  it('report that brokers have deleted the offsets with their topic', async () => {
    const { of, found } = await startsWith({ [COMMANDS]: noted(COMMANDS, 40n) });
    expect([of(EVENTS), found]).toEqual([10n, [`TOPIC_REPLACED ${EVENTS}`]]);
  });

  it('begin at the start of the log without a committed offset', async () => {
    const { of, found } = await startsWith({});
    expect([of(COMMANDS), of(EVENTS), found]).toEqual([10n, 10n, []]);
  });

  it('begin at the start of a recreated topic that was filled beyond the offset, and report it', async () => {
    const note = writeNote({ topicId: otherId, lastHash: null });
    const { of, found } = await startsWith({
      [COMMANDS]: noted(COMMANDS, 40n),
      [EVENTS]: { offset: 40n, note },
    });
    expect([of(COMMANDS), of(EVENTS)]).toEqual([40n, 10n]);
    expect(found).toEqual([`TOPIC_REPLACED ${EVENTS}`]);
  });

  it('read a recreated snapshot whole, without a finding', async () => {
    const { of, found, wholeStates } = await startsWith({
      [STATE]: { offset: 66n, note: writeNote({ topicId: otherId, lastHash: null }) },
    });
    expect([of(STATE), found, wholeStates.has(0)]).toEqual([10n, [], true]);
  });

  it('continue at the end of a truncated log, and report it', async () => {
    const { of, found } = await startsWith({
      [COMMANDS]: noted(COMMANDS, 60n),
      [EVENTS]: noted(EVENTS, 66n),
    });
    expect([of(EVENTS), found]).toEqual([60n, [`LOG_GAP ${EVENTS}/0-66`]]);
  });

  it('continue at the start of a log whose records were deleted unread, and report it', async () => {
    const { of, found } = await startsWith({
      [COMMANDS]: noted(COMMANDS, 4n),
      [EVENTS]: noted(EVENTS, 60n),
    });
    expect([of(COMMANDS), found]).toEqual([10n, [`LOG_GAP ${COMMANDS}/0-4`]]);
  });

  it('read commands and outcomes again if the commands were truncated and filled again', async () => {
    const { of, found } = await startsWith({
      [COMMANDS]: noted(COMMANDS, 40n, crc32('another')),
      [EVENTS]: noted(EVENTS, 50n),
    });
    expect([of(COMMANDS), of(EVENTS), found]).toEqual([10n, 10n, [`LOG_GAP ${COMMANDS}/0-40`]]);
  });

  it('accept the offset of an older version if it is in the log', async () => {
    const { of, found } = await startsWith({
      [COMMANDS]: { offset: 40n, note: '' },
      [EVENTS]: { offset: 99n, note: 'by hand' },
    });
    expect([of(COMMANDS), of(EVENTS), found]).toEqual([40n, 60n, [`LOG_GAP ${EVENTS}/0-99`]]);
  });
});
