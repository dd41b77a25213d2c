import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Accumulator,
  createAccumulator,
  createPartitionReader,
  type InRecord,
  type KafkaAdmin,
  type OutMessage,
} from '../../../services/shared/kafka/index.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { type KafkaClients, openKafkaClients, quietLog, testSettings } from '../../support/records/kafka.ts';
import { until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('kafka-accumulator');
const partitions = 3;
let clients: KafkaClients;
let admin: KafkaAdmin;
let accumulator: Accumulator;

beforeAll(async () => {
  clients = await openKafkaClients(prefix);
  ({ admin, accumulator } = clients);
  await admin.createTopics([
    { name: 'plain', partitions, replicationFactor: 1 },
    { name: 'small', partitions: 1, replicationFactor: 1, configs: { 'max.message.bytes': '2000' } },
  ]);
});

afterAll(() => clients.close());

describe('the accumulator on a real broker', () => {
  it('writes key, value, headers and timestamp as a reader gets them, at the returned offset', async () => {
    const seen: InRecord[] = [];
    const reader = createPartitionReader({
      settings: testSettings(prefix),
      topics: ['plain'],
      from: 'latest',
      log: quietLog,
      onRecords: (_topic, _partition, records) => void seen.push(...records),
    });
    await reader.start();
    // The time is within the topic's retention, because a broker may delete older records at any time.
    const timestampMs = Date.now() - 60_000;
    const full = {
      key: Buffer.from('k'),
      value: Buffer.from('välue'),
      headers: { 'ce-id': 'ü', raw: Buffer.from([0, 255]) },
    };
    const first = await accumulator.send({ topic: 'plain', partition: 1, timestampMs, ...full });
    const second = await accumulator.send({
      topic: 'plain',
      partition: 1,
      timestampMs,
      key: null,
      value: null,
      headers: {},
    });
    await until(() => seen.length === 2, { what: 'both records are read' });
    await reader.stop();
    expect(second.offset).toBe(first.offset + 1n);
    expect(seen[0]).toMatchObject({
      topic: 'plain',
      partition: 1,
      offset: first.offset,
      timestampMs,
      key: full.key,
      value: full.value,
    });
    expect(String(seen[0]!.headers['ce-id'])).toBe('ü');
    expect(seen[0]!.headers['raw']).toEqual(Buffer.from([0, 255]));
    expect(seen[1]).toMatchObject({ key: null, value: null });
  });

  it('keeps the order of sends and batches of a partition', async () => {
    const before = (await admin.endOffsets('plain')).get(0)!.high;
    const values = Array.from({ length: 2_000 }, (_, i) => String(i));
    await Promise.all(
      values.map((value, i) =>
        i % 7 === 0
          ? accumulator.sendBatch([plain(0, value)], { forever: true })
          : accumulator.send(plain(0, value)),
      ),
    );
    expect(await valuesFrom(0, before, values.length)).toEqual(values);
  });

  it('rejects a record that is too large and accepts its neighbours', async () => {
    const small = (value: Buffer): OutMessage => ({ ...plain(0, ''), topic: 'small', value });
    const sizes = [300, 400, 5_000, 300, 500, 400, 300];
    const results = await Promise.allSettled(
      sizes.map((size) => accumulator.send(small(Buffer.alloc(size)))),
    );
    expect(results.map(({ status }) => status)).toEqual(
      sizes.map((size) => (size > 2_000 ? 'rejected' : 'fulfilled')),
    );
    expect(results[2]).toMatchObject({
      reason: { code: 'RECORD_REFUSED', details: { reason: 'MESSAGE_TOO_LARGE' } },
    });
    expect((await admin.endOffsets('small')).get(0)!.high).toBe(6n);
  });

  it('splits a batch that is larger than the topic allows', async () => {
    const before = (await admin.endOffsets('small')).get(0)!.high;
    const batch = Array.from({ length: 50 }, () => ({ ...plain(0, 'x'.repeat(400)), topic: 'small' }));
    expect(await accumulator.sendBatch(batch, { forever: true })).toBe(before);
    expect((await admin.endOffsets('small')).get(0)!.high).toBe(before + 50n);
  });

  it('waits for a topic that is created later', async () => {
    const late = accumulator.send({ ...plain(0, 'early'), topic: 'later' });
    await admin.createTopics([{ name: 'later', partitions: 1, replicationFactor: 1 }]);
    expect((await late).offset).toBe(0n);
  });

  it('fails with NOT_PRODUCED if no broker can be reached', async () => {
    const nowhere = { ...testSettings(prefix), brokers: ['127.0.0.1:1'] };
    const lonely = await createAccumulator({
      settings: nowhere,
      log: quietLog,
      metrics: noMetrics,
      deadlineMs: 300,
    });
    await expect(lonely.send(plain(0, 'x'))).rejects.toMatchObject({ code: 'NOT_PRODUCED' });
    expect(lonely.isConnected()).toBe(false);
    await lonely.close(0);
  });
});

function plain(partition: number, value: string): OutMessage {
  return {
    topic: 'plain',
    partition,
    key: null,
    value: Buffer.from(value),
    headers: {},
    timestampMs: Date.now(),
  };
}

async function valuesFrom(partition: number, offset: bigint, count: number): Promise<string[]> {
  const values: string[] = [];
  const reader = createPartitionReader({
    settings: testSettings(prefix),
    topics: ['plain'],
    from: Array.from({ length: partitions }, (_, each) => ({
      topic: 'plain',
      partition: each,
      offset: each === partition ? offset : 0n,
    })),
    log: quietLog,
    onRecords(_topic, from, records) {
      if (from === partition) values.push(...records.map(({ value }) => String(value)));
    },
  });
  await reader.start();
  await until(() => values.length >= count, { what: `${count} records are read` });
  await reader.stop();
  return values;
}
