import type { Codec } from './codec.ts';
import { FRAME_BYTES } from './frame.ts';

const idOffset = 1;

/**
 * Reads bytes as the schema that this build writes, whatever their schema id says: a registry that was rebuilt gives the same
 * schemas other ids. The value is believed only where `isProven` finds in it what the record says of itself elsewhere, such
 * as in its key, headers and partition. null where it is not, or where the bytes do not fit the schema.
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
    // Bytes of another schema, or none at all.
    return null;
  }
}
