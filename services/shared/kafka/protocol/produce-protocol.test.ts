import { describe, expect, it } from 'vitest';
import { decodeResponse, produceRequest } from './produce-protocol.ts';

/** A response for two partitions of one topic, as a broker writes it. */
function answer(): Buffer {
  const topic = Buffer.from('orders.events.v1');
  const partition = (number: number, errorCode: number, offset: bigint) => {
    const bytes = Buffer.alloc(30);
    bytes.writeInt32BE(number, 0);
    bytes.writeInt16BE(errorCode, 4);
    bytes.writeBigInt64BE(offset, 6);
    return bytes;
  };
  const int32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const length = Buffer.from([0, topic.length]);
  return Buffer.concat([
    int32(1),
    length,
    topic,
    int32(2),
    partition(3, 0, 17n),
    partition(4, 6, -1n),
    int32(250),
  ]);
}

describe('a response to Produce', () => {
  it('is read to its end', () => {
    expect(decodeResponse(answer())).toEqual({
      partitions: [
        { topic: 'orders.events.v1', partition: 3, errorCode: 0, baseOffset: 17n },
        { topic: 'orders.events.v1', partition: 4, errorCode: 6, baseOffset: -1n },
      ],
      clientSideThrottleTime: 250,
    });
  });

  it('is an error if it is truncated anywhere, or if bytes follow it', () => {
    const whole = answer();
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeResponse(whole.subarray(0, length)), `cut after ${length} bytes`).toThrow();
    expect(() => decodeResponse(Buffer.concat([whole, Buffer.alloc(1)]))).toThrow();
  });

  it('is an error if one of its counts or lengths is impossible', () => {
    for (const at of [0, 22]) {
      for (const value of [-1, 0x7fffffff]) {
        const bytes = answer();
        bytes.writeInt32BE(value, at);
        expect(() => decodeResponse(bytes), `${value} at ${at}`).toThrow();
      }
    }
    for (const value of [-1, 0x7fff]) {
      const bytes = answer();
      bytes.writeInt16BE(value, 4);
      expect(() => decodeResponse(bytes)).toThrow();
    }
  });
});

describe('a Produce request', () => {
  it.each([null, 'orders-projector-3'])('begins with its transactional id (%s)', async (transactionalId) => {
    const batch = { topic: 't', partition: 3, records: Buffer.from('batch') };
    const { request } = produceRequest([batch], 5_000, () => undefined, transactionalId);
    const { buf } = await request.encode();
    const length = buf.readInt16BE(0);
    const idBytes = Math.max(0, length);
    expect(length).toBe(transactionalId?.length ?? -1);
    expect(buf.toString('utf8', 2, 2 + idBytes)).toBe(transactionalId ?? '');
    expect([buf.readInt16BE(2 + idBytes), buf.readInt32BE(4 + idBytes)]).toEqual([-1, 5_000]);
    expect(buf.toString('utf8', buf.length - 5)).toBe('batch');
  });
});
