import fc from 'fast-check';
import kafkajsFetch from 'kafkajs/src/protocol/requests/fetch/index.js';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../consumer/fetch.ts';
import { outOfRangeOf, saysLeaderMoved } from '../kafkajs/kafka-errors.ts';
import { type FetchResponsePartition, fetchApiVersion, fetchRequest } from './fetch-protocol.ts';
import { encodeBatch } from './record-batch.ts';

const theirs = kafkajsFetch.protocol({ version: fetchApiVersion });
const int64 = fc.bigInt({ min: -1n, max: 2n ** 53n });
const topic = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });

describe('the request', () => {
  it('equals the request of kafkajs', async () => {
    const partition = fc.record({
      partition: fc.nat({ max: 40 }),
      fetchOffset: int64,
      partitionMaxBytes: fc.nat(),
    });
    const topics = fc.dictionary(topic, fc.array(partition, { minLength: 1, maxLength: 5 }), {
      noNullPrototype: true,
    });
    await fc.assert(
      fc.asyncProperty(topics, fc.nat(), fc.nat(), async (byTopic, maxWaitMs, maxBytes) => {
        const entries = Object.entries(byTopic);
        const wanted = entries.flatMap(([name, own]) => own.map((each) => ({ topic: name, ...each })));
        const ours = await fetchRequest(wanted, { maxWaitMs, maxBytes }).request.encode();
        const asked = {
          isolationLevel: 1,
          maxWaitTime: maxWaitMs,
          minBytes: 1,
          maxBytes,
          topics: entries.map(([name, own]) => ({
            topic: name,
            partitions: own.map(({ partition: number, fetchOffset, partitionMaxBytes }) => ({
              partition: number,
              fetchOffset: String(fetchOffset),
              maxBytes: partitionMaxBytes,
            })),
          })),
        };
        expect(ours.buffer.equals((await theirs(asked).request.encode()).buffer)).toBe(true);
      }),
    );
  });
});

describe('the answer', () => {
  const fetched = fc.record({
    topic,
    partition: fc.nat({ max: 40 }),
    errorCode: fc.constantFrom(0, 1, 6),
    highWatermark: int64,
    abortedTransactions: fc.array(fc.record({ producerId: int64, firstOffset: int64 }), { maxLength: 3 }),
    values: fc.array(fc.string(), { maxLength: 3 }),
  });

  it('equals the response that kafkajs reads', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fetched, { maxLength: 6 }), fc.nat(), async (list, throttleMs) => {
        const raw = encodeAnswer(list.map(withBytes), throttleMs);
        const { response } = fetchRequest([], { maxWaitMs: 0, maxBytes: 0 });
        const decoded = await response.decode(raw);
        const ours = (await response.parse(decoded)) as FetchResponsePartition[];
        expect(ours).toEqual(list.map(withBytes));
        const asked = { maxWaitTime: 0, minBytes: 1, maxBytes: 0, topics: [] };
        const other = await theirs(asked).response.decode(raw);
        expect(decoded).toMatchObject({ clientSideThrottleTime: other.clientSideThrottleTime });
        expect(
          ours.map((one) => [
            one.topic,
            one.partition,
            one.errorCode,
            String(one.highWatermark),
            one.abortedTransactions.map(text),
          ]),
        ).toEqual(
          other.responses.flatMap(({ topicName, partitions }) =>
            partitions.map((one) => [
              topicName,
              one.partition,
              one.errorCode,
              one.highWatermark,
              (one.abortedTransactions ?? []).map(text),
            ]),
          ),
        );
        expect(list.map(({ values }) => values.length)).toEqual(
          other.responses.flatMap(({ partitions }) => partitions.map(({ messages }) => messages.length)),
        );
      }),
    );
  });

  it('maps an error code to an error that our checks recognize', () => {
    const failed = (errorCode: number) =>
      failureOf({
        topic: 't',
        partition: 4,
        errorCode,
        highWatermark: 0n,
        abortedTransactions: [],
        records: Buffer.alloc(0),
      });
    expect(failed(0)).toBeNull();
    expect(outOfRangeOf(failed(1))).toEqual({ topic: 't', partition: 4 });
    expect([saysLeaderMoved(failed(6)), outOfRangeOf(failed(6))]).toEqual([true, null]);
    expect(failed(12_345)).toBeInstanceOf(Error);
  });
});

const text = ({ producerId, firstOffset }: { producerId: unknown; firstOffset: unknown }) =>
  `${producerId} ${firstOffset}`;

function withBytes({
  values,
  ...rest
}: Omit<FetchResponsePartition, 'records'> & { values: string[] }): FetchResponsePartition {
  const messages = values.map((value) => ({
    key: null,
    value: Buffer.from(value),
    headers: {},
    timestampMs: 1,
  }));
  return { ...rest, records: messages.length === 0 ? Buffer.alloc(0) : encodeBatch(messages) };
}

/** Encodes a response as a broker does, with one topic per partition. */
function encodeAnswer(list: readonly FetchResponsePartition[], throttleMs: number): Buffer {
  const parts: Buffer[] = [int32(throttleMs), int16(0), int32(0), int32(list.length)];
  for (const { topic: name, partition, errorCode, highWatermark, abortedTransactions, records } of list) {
    parts.push(
      int16(Buffer.byteLength(name)),
      Buffer.from(name),
      int32(1),
      int32(partition),
      int16(errorCode),
    );
    parts.push(
      int64Of(highWatermark),
      int64Of(highWatermark),
      int64Of(0n),
      int32(abortedTransactions.length),
    );
    for (const { producerId, firstOffset } of abortedTransactions)
      parts.push(int64Of(producerId), int64Of(firstOffset));
    parts.push(int32(-1), int32(records.length), records);
  }
  return Buffer.concat(parts);
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function int64Of(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(value);
  return buffer;
}
