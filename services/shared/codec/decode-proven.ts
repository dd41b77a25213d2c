import type { Codec } from './codec.ts';
import { FRAME_BYTES } from './frame.ts';

const idOffset = 1;

/**
 * Reads bytes with the schema of the codec and ignores their schema id. A rebuilt registry gives the same
 * schemas other ids. `isProven` must confirm the value against its record, for example its key, headers and
 * partition. Returns null if `isProven` returns false, or if the bytes do not fit the schema.
 */
export function decodeProven<T>(
  codec: Pick<Codec<T>, 'decode' | 'schemaId'>,
  bytes: Buffer | null,
  isProven: (value: T) => boolean,
): T | null {
  if (bytes === null || bytes.length <= FRAME_BYTES) return null;
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(codec.schemaId, idOffset);
  try {
    const value = codec.decode(copy);
    return isProven(value) ? value : null;
  } catch {
    // The bytes have another schema, or none.
    return null;
  }
}
