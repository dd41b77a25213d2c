import { describe, expect, it } from 'vitest';
import { metadataRequest } from './metadata-protocol.ts';

const idBytes = Buffer.from('0123456789abcdef0123456789abcdef', 'hex');
const noTags = Buffer.from([0]);
const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const compact = (text: string): Buffer => Buffer.concat([Buffer.from([text.length + 1]), Buffer.from(text)]);
const nodes = (...ids: number[]): Buffer => Buffer.concat([Buffer.from([ids.length + 1]), ...ids.map(int32)]);
const partition = (number: number, leader: number, epoch: number): Buffer =>
  Buffer.concat([
    int16(leader < 0 ? 5 : 0),
    int32(number),
    int32(leader),
    int32(epoch),
    nodes(1, 2, 3),
    nodes(1),
    nodes(),
    noTags,
  ]);

/**
 * Encodes a response as a broker does, with one topic and two brokers. One broker has a rack, the other has a
 * tag.
 */
function response({ errorCode = 0, id = idBytes, partitions = [] as Buffer[] } = {}): Buffer {
  const tag = Buffer.from([1, 7, 2, 0xaa, 0xbb]);
  return Buffer.concat([
    noTags,
    int32(0),
    Buffer.from([2 + 1]),
    ...[int32(1), compact('kafka-1'), int32(9092), compact('rack-a'), noTags],
    ...[int32(2), compact('kafka-2'), int32(9092), Buffer.from([0]), tag],
    compact('cluster-1'),
    int32(1),
    Buffer.from([1 + 1]),
    ...[int16(errorCode), compact('t'), id, Buffer.from([0]), Buffer.from([partitions.length + 1])],
    ...partitions,
    ...[int32(0), noTags, noTags],
  ]);
}

async function parse(raw: Buffer): Promise<unknown> {
  const { response: reader } = metadataRequest('t');
  return reader.parse(await reader.decode(raw));
}

it('requests one topic by its name', async () => {
  const { buffer } = await metadataRequest('t').request.encode();
  expect(buffer.toString('hex')).toBe(`0002${'00'.repeat(16)}027400000000`);
});

it('requests names of any length', async () => {
  const { buffer } = await metadataRequest('t'.repeat(200)).request.encode();
  expect(buffer.subarray(18, 20).toString('hex')).toBe('c901');
  expect(buffer).toHaveLength(2 + 16 + 2 + 200 + 4);
});

describe('the response', () => {
  it('has the ids, and the leader epochs of partitions with a leader', async () => {
    const partitions = [partition(0, 1, 4), partition(1, -1, 9), partition(2, 2, 0)];
    expect(await parse(response({ partitions }))).toEqual({
      clusterId: 'cluster-1',
      topicId: idBytes.toString('base64url'),
      leaderEpochs: new Map([
        [0, 4],
        [2, 0],
      ]),
    });
  });

  it('has no topic id for an unknown topic', async () => {
    const unknown = response({ errorCode: 3, id: Buffer.alloc(16) });
    expect(await parse(unknown)).toMatchObject({ clusterId: 'cluster-1', topicId: null });
  });

  it('is an error for any other error code, and without a topic id', async () => {
    await expect(parse(response({ errorCode: 29 }))).rejects.toThrow('error 29');
    await expect(parse(response({ id: Buffer.alloc(16) }))).rejects.toThrow('no id');
  });
});
