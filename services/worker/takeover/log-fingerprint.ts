/** Marks that distinguish the logs of a lane from other logs with the same names. */
import { createHash } from 'node:crypto';
import { headerOf, type InRecord } from '../../shared/kafka/index.ts';

/** The fingerprint `id` of the command at `offset`. */
export interface RecordMark {
  readonly offset: number;
  readonly id: string;
}

/** The outcome of the command at `source` was acknowledged at `offset` of the outcome topic. */
export interface OutcomeMark {
  readonly source: number;
  readonly offset: number;
}

/** The ids of the cluster and the topics; '' if unknown. */
export interface LaneLogIds {
  readonly clusterId: string;
  readonly commands: string;
  readonly events: string;
}

export const noRecordMark: RecordMark = { offset: -1, id: '' };
export const noOutcomeMark: OutcomeMark = { source: -1, offset: -1 };

const timeBytes = 8;
/** 128 bits, in 22 characters. */
const fingerprintBytes = 16;

/** The fingerprint of a record: time, key and value. It omits the headers, because mirrors and proxies add some. */
export function markOf({ offset, timestampMs, key, value }: InRecord): RecordMark {
  const head = Buffer.allocUnsafe(timeBytes + 4);
  head.writeDoubleBE(timestampMs, 0);
  head.writeInt32BE(key === null ? -1 : key.length, timeBytes);
  const hash = createHash('sha256').update(head);
  if (key !== null) hash.update(key);
  if (value !== null) hash.update(value);
  return { offset: Number(offset), id: hash.digest().toString('base64url', 0, fingerprintBytes) };
}

/**
 * An id that replaces a fingerprint after an operator moved the lane forward to this offset. The mark keeps the
 * offset of the last decided record.
 */
export function jumpTo(offset: number): string {
  return `>${offset}`;
}

/** Whether the mark has a fingerprint of a record. */
export function isFingerprint({ id }: RecordMark): boolean {
  return id !== '' && !id.startsWith('>');
}

/** The position that a worker or an operator wrote together with the mark; null if there is none. */
export function positionOf({ offset, id }: RecordMark): number | null {
  if (id === '') return null;
  return id.startsWith('>') ? Number(id.slice(1)) : offset + 1;
}

/**
 * The source offset of an outcome, from its event id `<source partition>-<source offset>`. Null for any other record.
 */
export function sourceOffsetOf(record: Pick<InRecord, 'headers'>): number | null {
  const match = /^\d+-(\d+)$/.exec(headerOf(record, 'ce_id')?.toString() ?? '');
  return match === null ? null : Number(match[1]);
}
