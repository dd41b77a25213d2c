/**
 * Creates the commands of a stream as records of the command topic, encoded in advance. Only the ids and the checksum are
 * written per record.
 */

import type { OrderCommand } from '../../schemas/generated/types.ts';
import { CHECKSUM_HEADER, type Codec, checksumOf } from '../../services/shared/codec/index.ts';
import type { InRecord } from '../../services/shared/kafka/index.ts';
import { issuedAtMs, type OrderStream, placeholderId, templateCount } from './order-stream.ts';

export interface RecordSource {
  record(partition: number, offset: number): InRecord;
}

/** Commands that differ in their ids only. */
export interface EncodedTemplates {
  /** The bytes of a template with this order id. */
  valueOf(template: number, orderId: string): Buffer;
}

/** The PLACE commands of the stream. */
export function createRecordSource(
  stream: OrderStream,
  codec: Codec<OrderCommand>,
  topic: string,
): RecordSource {
  const templates = encodeTemplates((template) => stream.template(template), codec);
  return {
    record(partition, offset) {
      const id = stream.orderId(partition, offset);
      const value = templates.valueOf(stream.templateOf(partition, offset), id);
      return recordOf({ topic, partition, offset, id, value });
    },
  };
}

export function recordOf(of: {
  topic: string;
  partition: number;
  offset: number;
  id: string;
  value: Buffer;
}): InRecord {
  const { topic, partition, offset, id, value } = of;
  return {
    topic,
    partition,
    offset: BigInt(offset),
    timestampMs: issuedAtMs,
    key: Buffer.from(id, 'latin1'),
    value,
    headers: { [CHECKSUM_HEADER]: checksumOf(value) },
  };
}

/**
 * Encodes all templates, one after the other in a single buffer. Thousands of small buffers would slow the garbage
 * collector of the measured process. Each command contains the placeholder id the same number of times.
 */
export function encodeTemplates(
  commandOf: (template: number) => OrderCommand,
  codec: Codec<OrderCommand>,
): EncodedTemplates {
  const idsEach = positionsOf(codec.encode(commandOf(0))).length;
  // Template n has the bytes [starts[n], starts[n + 1]). The indexes of its ids are ids[n * idsEach] and the next ones.
  const starts = new Uint32Array(templateCount + 1);
  const ids = new Uint16Array(templateCount * idsEach);
  const values: Buffer[] = [];
  for (let template = 0; template < templateCount; template++) {
    const value = codec.encode(commandOf(template));
    const at = positionsOf(value);
    if (at.length !== idsEach) throw new Error(`a template contains its id ${at.length} times`);
    ids.set(at, template * idsEach);
    starts[template + 1] = starts[template]! + value.length;
    values.push(value);
  }
  const bytes = Buffer.concat(values);
  return {
    valueOf(template, orderId) {
      const value = Buffer.from(bytes.subarray(starts[template], starts[template + 1]));
      for (let n = 0; n < idsEach; n++) value.write(orderId, ids[template * idsEach + n]!, 'latin1');
      return value;
    },
  };
}

function positionsOf(value: Buffer): number[] {
  const positions: number[] = [];
  for (let at = value.indexOf(placeholderId); at >= 0; at = value.indexOf(placeholderId, at + 1)) {
    positions.push(at);
  }
  return positions;
}
