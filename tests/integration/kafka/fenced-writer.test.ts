/** Fenced writers on a real broker. Only one writer with a name can write. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  createAdmin,
  type FencedMessage,
  type KafkaAdmin,
  openFencedWriter,
  readCommittedRange,
} from '../../../services/shared/kafka/index.ts';
import { quietLog as log, testSettings } from '../../support/records/kafka.ts';
import { unique, until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('kafka-fenced-writer');
const topic = 'fenced';
const partition = 1;
let admin: KafkaAdmin;

beforeAll(async () => {
  admin = createAdmin(testSettings(prefix));
  await admin.createTopics([{ name: topic, partitions: 2, replicationFactor: 1 }]);
});

afterAll(() => admin.close());

const open = (name: string) => openFencedWriter({ settings: testSettings(prefix), name, topic, partition });

/**
 * A record with this time would be older than the topic's retention. The broker would delete it during the
 * test.
 */
const timestampMs = Date.now() - 60_000;

const message = (text: string, value = Buffer.from(text)): FencedMessage => ({
  key: Buffer.from(text),
  value,
  headers: { kind: 'test' },
  timestampMs,
});

async function committed() {
  const { low, high } = (await admin.endOffsets(topic)).get(partition)!;
  return readCommittedRange({ settings: testSettings(prefix), topic, partition, from: low, to: high, log });
}

/**
 * Waits until the record of `key` is committed, and returns the committed records. A commit becomes visible
 * shortly after its confirmation.
 */
async function committedWith(key: string) {
  let records = await committed();
  const isThere = () => records.some((record) => String(record.key) === key);
  await until(
    async () => {
      if (!isThere()) records = await committed();
      return isThere();
    },
    { what: `the commit of ${key} being shown` },
  );
  return records;
}

it('appends its records in order, and fences earlier writers of its name', async () => {
  const name = unique('writer-');
  const first = await open(name);
  await first.append([message('a'), message('b')]);
  const second = await open(name);
  await expect(first.append([message('late')])).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  await expect(first.append([message('later')])).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  await second.append([message('c')]);

  const records = await committedWith('c');
  expect(records.map(({ key }) => String(key))).toEqual(['a', 'b', 'c']);
  expect(records[0]).toMatchObject({ partition, timestampMs });
  expect(String(records[0]?.headers['kind'])).toBe('test');
  await Promise.all([first.close(), second.close()]);
});

it('splits records that exceed a request, and keeps one transaction', async () => {
  const before = (await committed()).length;
  const name = unique('writer-');
  const writer = await open(name);
  const big = Array.from({ length: 5 }, (_, n) => message(`big-${n}`, Buffer.alloc(400_000, n)));
  await writer.append(big);
  // A value that no broker accepts aborts the transaction.
  const tooBig = [message('x'), message('y', Buffer.alloc(3_000_000))];
  await expect(writer.append(tooBig)).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  await writer.close();

  const other = await open(name);
  await other.append([message('end')]);
  await other.close();
  const keys = (await committedWith('end')).slice(before).map(({ key }) => String(key));
  expect(keys).toEqual([...big.map(({ key }) => String(key)), 'end']);
});
