import { crc32 } from 'node:zlib';
import { schemaIdOf } from './frame.ts';
import { PoisonError } from './poison.ts';

/**
 * Header with the CRC-32 of the value, eight lower-case hex digits. kafkajs checks no CRC of what it fetches, and
 * one flipped bit in a quantity still decodes.
 */
export const CHECKSUM_HEADER = 'os-crc32';

/** The header's text for a value. */
export function checksumOf(value: Buffer): string {
  return crc32(value).toString(16).padStart(8, '0');
}

/**
 * A record without the header passes: writers other than ours need not send it.
 *
 * @param checksum the record's header `CHECKSUM_HEADER`
 * @throws PoisonError BAD_CHECKSUM
 */
export function verifyChecksum(value: Buffer | null, checksum: Buffer | string | undefined): void {
  if (checksum === undefined || value === null) return;
  if (checksum.toString() !== checksumOf(value)) throw new PoisonError('BAD_CHECKSUM', schemaIdOf(value));
}
