import { expect, test } from 'vitest';
import type { InRecord } from '../../shared/kafka/index.ts';
import { createLogger } from '../../shared/log/index.ts';
import { takeBatch } from './batch.ts';
import { Lane } from './lane.ts';
import { growProbation, isKiller, startProbation } from './probation.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 'test' });
const limits = { recordsMax: 500, bytesMax: 1_000_000 };

function records(partition: number, count: number): InRecord[] {
  return Array.from({ length: count }, (_, offset) => ({
    topic: 'orders.commands.v1',
    partition,
    offset: BigInt(offset),
    timestampMs: 0,
    key: null,
    value: Buffer.from('value'),
    headers: {},
  }));
}

function openLane(partition: number, probation: ReturnType<typeof startProbation> | null): Lane {
  const ignore = () => undefined;
  const events = { onFull: ignore, onRoom: ignore, onWork: ignore, onGap: ignore };
  const lane = new Lane({ partition, log, events });
  lane.enqueue(records(partition, 20));
  lane.open({ epoch: 1, nextOffset: 0, publishedOffset: 0 }, probation);
  return lane;
}

const take = (lanes: Lane[]) => takeBatch(lanes, limits);

test('lanes left uncleanly begin side by side with a record each, and double', () => {
  const lanes = [openLane(0, startProbation(0, null)), openLane(1, startProbation(0, null))];
  expect(take(lanes).map(({ records, alone }) => [records.length, alone])).toEqual([
    [1, false],
    [1, false],
  ]);
  for (const lane of lanes) {
    lane.advance(1, []);
    growProbation(lane, 1);
  }
  expect(take(lanes).map(({ records }) => records.length)).toEqual([2, 2]);
});

test('a suspect is taken alone, until the range that killed is behind it', () => {
  const suspect = openLane(1, startProbation(0, { offset: 0, records: 2, attempts: 1 }));
  const lanes = [openLane(0, null), suspect, openLane(2, null)];
  for (const to of [1, 2]) {
    const [part, ...others] = take(lanes);
    expect(others).toEqual([]);
    expect([part!.lane.partition, part!.records.length, part!.alone]).toEqual([1, 1, true]);
    suspect.advance(to, []);
    growProbation(suspect, to);
  }
  expect(take(lanes)).toHaveLength(3);
});

test('only deaths of a record alone make it a killer', () => {
  expect(isKiller({ offset: 0, records: 2, attempts: 9 })).toBe(false);
  expect(isKiller({ offset: 0, records: 1, attempts: 2 })).toBe(false);
  expect(isKiller({ offset: 0, records: 1, attempts: 3 })).toBe(true);
});
