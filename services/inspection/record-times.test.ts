import { expect, it } from 'vitest';
import type { InRecord, TopicPartitionOffset } from '../shared/kafka/index.ts';
import { createRecordTimes } from './record-times.ts';

const place = (partition: number, offset: number, topic = 't'): TopicPartitionOffset => ({
  topic,
  partition,
  offset: BigInt(offset),
});

/** Records at every offset below 100, one second apart. */
function probed() {
  const rounds: string[] = [];
  let nowMs = 0;
  const times = createRecordTimes(
    {
      async recordsAt(places) {
        rounds.push(places.map(({ partition, offset }) => `${partition}:${offset}`).join(' '));
        return places.map(({ offset }) =>
          offset < 100n ? ({ timestampMs: Number(offset) * 1_000 } as InRecord) : null,
        );
      },
    },
    () => nowMs,
  );
  return { times, rounds, later: (ms: number) => (nowMs += ms) };
}

it('returns the timestamps of the records, and null where the log has none', async () => {
  const { times } = probed();
  expect(await times.at([place(0, 7), place(1, 100), place(2, 3)])).toEqual([7_000, null, 3_000]);
});

it('asks for a partition once in a request', async () => {
  const { times, rounds } = probed();
  expect(await times.at([place(0, 1), place(0, 2), place(1, 1), place(0, 1)])).toEqual([
    1_000, 2_000, 1_000, 1_000,
  ]);
  expect(rounds).toEqual(['0:1 1:1', '0:2']);
});

it('asks once for a reader that stands still, and again after a minute', async () => {
  const { times, rounds, later } = probed();
  await times.at([place(0, 1)]);
  later(60_000);
  await times.at([place(0, 1)]);
  expect(rounds).toHaveLength(1);
  later(1);
  await times.at([place(0, 1)]);
  expect(rounds).toHaveLength(2);
});
