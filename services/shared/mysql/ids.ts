const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The 16 bytes of a lower-case UUID, as BINARY(16) columns hold it. Throws a RangeError on any other text. */
export function uuidToBytes(id: string): Buffer {
  if (!uuidPattern.test(id)) throw new RangeError('not a lower-case UUID');
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

/** The same bytes as a literal of SQL: text that needs no escaping. Throws a RangeError on any other text. */
export function uuidToSql(id: string): string {
  if (!uuidPattern.test(id)) throw new RangeError('not a lower-case UUID');
  return `x'${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}'`;
}

/** The lower-case UUID of 16 bytes. Throws a RangeError on any other length. */
export function bytesToUuid(bytes: Buffer): string {
  if (bytes.length !== 16) throw new RangeError(`a UUID has 16 bytes, not ${bytes.length}`);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
