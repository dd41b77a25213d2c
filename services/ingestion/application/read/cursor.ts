/**
 * Opaque cursors of the order list. A MAC binds a cursor to customer and filter, so that it continues only its own
 * list.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { derived } from '../../../shared/config/index.ts';

export interface ListPosition {
  readonly createdAtMs: number;
  readonly orderKey: number;
}

export interface Cursors {
  issue(position: ListPosition, list: string): string;
  /** Null if the cursor is invalid or of another list. */
  read(cursor: string, list: string): ListPosition | null;
}

const macBytes = 12;
const bytes = 16 + macBytes;

/** Form of every cursor: 28 bytes in base64url. The last character carries the two remaining bits. */
export const cursorPattern = '^[A-Za-z0-9_-]{37}[AQgw]$';
const form = new RegExp(cursorPattern);

export function isCursor(text: string): boolean {
  return form.test(text);
}

/** Cursors that follow a list of secrets which may change. */
export function createLiveCursors(secrets: () => readonly string[]): Cursors {
  const cursors = derived(secrets, createCursors);
  return {
    issue: (position, list) => cursors().issue(position, list),
    read: (cursor, list) => cursors().read(cursor, list),
  };
}

/** `list` names customer and filter. The first secret signs, all verify. */
export function createCursors(secrets: readonly string[]): Cursors {
  const macOf = (secret: string, position: Buffer, list: string): Buffer =>
    createHmac('sha256', secret)
      .update('cursor|')
      .update(position)
      .update(list)
      .digest()
      .subarray(0, macBytes);
  return {
    issue({ createdAtMs, orderKey }, list) {
      const position = Buffer.alloc(16);
      position.writeBigUInt64BE(BigInt(createdAtMs), 0);
      position.writeBigUInt64BE(BigInt(orderKey), 8);
      return Buffer.concat([position, macOf(secrets[0]!, position, list)]).toString('base64url');
    },
    read(cursor, list) {
      const data = Buffer.from(cursor, 'base64url');
      if (data.length !== bytes || data.toString('base64url') !== cursor) return null;
      const position = data.subarray(0, 16);
      const mac = data.subarray(16);
      if (!secrets.some((secret) => timingSafeEqual(mac, macOf(secret, position, list)))) return null;
      return {
        createdAtMs: Number(position.readBigUInt64BE(0)),
        orderKey: Number(position.readBigUInt64BE(8)),
      };
    },
  };
}
