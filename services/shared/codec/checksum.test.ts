import { describe, expect, it } from 'vitest';
import { checksumOf, verifyChecksum } from './index.ts';

describe('the checksum header', () => {
  const value = Buffer.from('123456789');

  it('is the standard CRC-32', () => {
    expect(checksumOf(value)).toBe('cbf43926');
    expect(checksumOf(Buffer.alloc(0))).toBe('00000000');
  });

  it('accepts the right value, as text and as bytes, and a record without the header', () => {
    verifyChecksum(value, 'cbf43926');
    verifyChecksum(value, Buffer.from('cbf43926'));
    verifyChecksum(value, undefined);
    verifyChecksum(null, 'cbf43926');
  });

  it.each(['cbf43927', '', 'CBF43926', 'cbf43926 '])('refuses %j', (header) => {
    expect(() => verifyChecksum(value, header)).toThrow(expect.objectContaining({ code: 'BAD_CHECKSUM' }));
  });
});
