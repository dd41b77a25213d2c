/**
 * Creates the stream as records of the command topic, encoded in advance. Only the ids and the checksum are written
 * per record.
 */

import type { OrderCommand } from '../../schemas/generated/types.ts';
import { CHECKSUM_HEADER, type Codec, checksumOf } from '../../services/shared/codec/index.ts';
import type { InRecord } from '../../services/shared/kafka/index.ts';
import { issuedAtMs, type OrderStream, placeholderId, templateCount } from './order-stream.ts';

export interface RecordSource {
  record(partition: number, offset: number): InRecord;
}

/**
 * All templates, one after the other in a single buffer. Thousands of small buffers would slow the garbage collector
 * of the measured process.
 */
interface Templates {
  readonly bytes: Buffer;
  /** Template n has the bytes [starts[n], starts[n + 1]). */
  readonly starts: Uint32Array;
  /** Indexes of the placeholder id in template n: [ids[n * idsPerTemplate], …), from the template's start. */
  readonly ids: Uint16Array;
}

/** A template contains the id in the command id, as the order id and as the idempotency key. */
const idsPerTemplate = 3;

export function createRecordSource(
  stream: OrderStream,
  codec: Codec<OrderCommand>,
  topic: string,
): RecordSource {
  const { bytes, starts, ids } = encodeTemplates(stream, codec);
  return {
    record(partition, offset) {
      const template = stream.templateOf(partition, offset);
      const value = Buffer.from(bytes.subarray(starts[template], starts[template + 1]));
      const id = stream.orderId(partition, offset);
      for (let n = 0; n < idsPerTemplate; n++) value.write(id, ids[template * idsPerTemplate + n]!, 'latin1');
      return {
        topic,
        partition,
        offset: BigInt(offset),
        timestampMs: issuedAtMs,
        key: Buffer.from(id, 'latin1'),
        value,
        headers: { [CHECKSUM_HEADER]: checksumOf(value) },
      };
    },
  };
}

function encodeTemplates(stream: OrderStream, codec: Codec<OrderCommand>): Templates {
  const starts = new Uint32Array(templateCount + 1);
  const ids = new Uint16Array(templateCount * idsPerTemplate);
  const values: Buffer[] = [];
  for (let template = 0; template < templateCount; template++) {
    const value = codec.encode(stream.template(template));
    const at = positionsOf(value);
    if (at.length !== idsPerTemplate) throw new Error(`a template contains its id ${at.length} times`);
    ids.set(at, template * idsPerTemplate);
    starts[template + 1] = starts[template]! + value.length;
    values.push(value);
  }
  return { bytes: Buffer.concat(values), starts, ids };
}

function positionsOf(value: Buffer): number[] {
  const positions: number[] = [];
  for (let at = value.indexOf(placeholderId); at >= 0; at = value.indexOf(placeholderId, at + 1)) {
    positions.push(at);
  }
  return positions;
}
