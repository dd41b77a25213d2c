import { PoisonError } from './poison.ts';

/** Maximum length of a value, written or read. */
export const VALUE_BYTES_MAX = 1024 * 1024;
/** Confluent's wire format: one zero byte, then the schema id as big-endian u32. */
export const FRAME_BYTES = 5;

/**
 * Schema id of a framed value.
 *
 * @throws PoisonError EMPTY, TOO_LONG, TOO_SHORT or BAD_MAGIC
 */
export function readFrame(bytes: Buffer | null): number {
  if (bytes === null || bytes.length === 0) throw new PoisonError('EMPTY');
  if (bytes.length > VALUE_BYTES_MAX) throw new PoisonError('TOO_LONG', schemaIdOf(bytes));
  if (bytes[0] !== 0) throw new PoisonError('BAD_MAGIC');
  if (bytes.length < FRAME_BYTES) throw new PoisonError('TOO_SHORT');
  return bytes.readUInt32BE(1);
}

/** The schema id in the frame of a value, for the headers of a dead letter. Null for a value without a frame. */
export function schemaIdOf(bytes: Buffer | null): number | null {
  if (bytes === null || bytes.length < FRAME_BYTES || bytes[0] !== 0) return null;
  return bytes.readUInt32BE(1);
}
