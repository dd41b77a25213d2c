import { crc32 } from 'node:zlib';
import { schemaIdOf } from './frame.ts';
import { PoisonError } from './poison.ts';

/**
 * The header with the CRC-32 of the value, as eight lower-case hex digits. Consumers do not check the CRC of
 * fetched batches. A quantity with one flipped bit still decodes.
 */
export const CHECKSUM_HEADER = 'os-crc32';

/** The header's text for a value. */
export function checksumOf(value: Buffer): string {
  return crc32(value).toString(16).padStart(8, '0');
}

/**
 * Checks a value against its checksum. Accepts a record without the header, because other producers need not
 * send it.
 *
 * @param checksum the record's header `CHECKSUM_HEADER`
 * @throws PoisonError BAD_CHECKSUM
 */
export function verifyChecksum(value: Buffer | null, checksum: Buffer | string | undefined): void {
  if (checksum === undefined || value === null) return;
  if (checksum.toString() !== checksumOf(value)) throw new PoisonError('BAD_CHECKSUM', schemaIdOf(value));
}
