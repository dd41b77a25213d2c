/** The stream as records of the command topic, encoded beforehand: only ids and checksum are filled in per record. */

import type { OrderCommand } from '../../schemas/generated/types.ts';
import { CHECKSUM_HEADER, type Codec, checksumOf } from '../../services/shared/codec/index.ts';
import type { InRecord } from '../../services/shared/kafka/index.ts';
import { issuedAtMs, type OrderStream, placeholderId, templateCount } from './order-stream.ts';

export interface RecordSource {
  record(partition: number, offset: number): InRecord;
}

interface Encoded {
  readonly value: Buffer;
  /** Where the placeholder id stands. */
  readonly ids: readonly number[];
}

export function createRecordSource(
  stream: OrderStream,
  codec: Codec<OrderCommand>,
  topic: string,
): RecordSource {
  const encoded = Array.from({ length: templateCount }, (_, index) =>
    encodeTemplate(codec.encode(stream.template(index))),
  );
  return {
    record(partition, offset) {
      const { value: template, ids } = encoded[stream.templateOf(partition, offset)]!;
      const value = Buffer.from(template);
      const id = stream.orderId(partition, offset);
      for (const at of ids) value.write(id, at, 'latin1');
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

function encodeTemplate(value: Buffer): Encoded {
  const ids: number[] = [];
  for (let at = value.indexOf(placeholderId); at >= 0; at = value.indexOf(placeholderId, at + 1))
    ids.push(at);
  return { value: Buffer.from(value), ids };
}
