/** HMAC-SHA256 (RFC 2104) of short texts under one key. Two one-shot hashes cost a third of an Hmac object. */
import { createHash, hash } from 'node:crypto';

const blockBytes = 64;
const textBytesMax = 1_024;
const digestBytes = 32;

/** Computes the 32 bytes of HMAC-SHA256 for a Latin-1 text of at most 1 KiB. Throws RangeError for a longer text. */
export type KeyedHash = (text: string) => Buffer;

export function createKeyedHash(secret: string): KeyedHash {
  const long = Buffer.from(secret, 'utf8');
  const key = long.length > blockBytes ? createHash('sha256').update(long).digest() : long;
  const inner = Buffer.alloc(blockBytes + textBytesMax, 0x36);
  const outer = Buffer.alloc(blockBytes + digestBytes, 0x5c);
  for (let i = 0; i < key.length; i++) {
    inner[i]! ^= key[i]!;
    outer[i]! ^= key[i]!;
  }
  return (text) => {
    if (text.length > textBytesMax)
      throw new RangeError(`the text is longer than ${textBytesMax} characters`);
    const bytes = inner.write(text, blockBytes, 'latin1');
    // To write a digest as text and parse it costs half as much as a digest in a separate buffer.
    outer.write(hash('sha256', inner.subarray(0, blockBytes + bytes), 'latin1'), blockBytes, 'latin1');
    return Buffer.from(hash('sha256', outer, 'latin1'), 'latin1');
  };
}
