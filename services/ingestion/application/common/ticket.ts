/**
 * A ticket gives the position of an order's command in the log. With it, ingestion knows the state of the order
 * before the worker processes it, and without any store. A MAC binds it to the order, the customer and the log. It
 * contains nothing secret. A ticket of a deleted log is recognized as such.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { derived } from '../../../shared/config/index.ts';
import { createKeyedHash, type KeyedHash } from './keyed-hash.ts';

export interface LogPosition {
  readonly partition: number;
  readonly offset: number;
}

export interface Tickets {
  /** The value of the query parameter `t`. */
  issue(orderId: string, customerId: string, position: LogPosition): string;
  /**
   * The position, or `otherLog` for a ticket of a deleted log. Null for an invalid ticket, or for a ticket of
   * another order or customer.
   */
  read(ticket: string, orderId: string, customerId: string): LogPosition | 'otherLog' | null;
}

const macBytes = 16;
const tagCharacters = 6;
const form = /^(\d{1,5})\.(\d{1,16})\.([A-Za-z0-9_-]{6})\.([A-Za-z0-9_-]{22})$/;

/** Tickets that follow a list of secrets which may change. */
export function createLiveTickets(secrets: () => readonly string[], logId: string): Tickets {
  const tickets = derived(secrets, (present) => createTickets(present, logId));
  return {
    issue: (orderId, customerId, position) => tickets().issue(orderId, customerId, position),
    read: (ticket, orderId, customerId) => tickets().read(ticket, orderId, customerId),
  };
}

/**
 * Tickets for the log with this id. The first secret signs, all verify. All instances of a deployment share the secrets.
 */
export function createTickets(secrets: readonly string[], logId: string): Tickets {
  const ownTag = hash('sha256', logId, 'base64url').slice(0, tagCharacters);
  const keyedHashes = secrets.map(createKeyedHash);
  const macOf = (keyedHash: KeyedHash, orderId: string, customerId: string, positionText: string): Buffer =>
    keyedHash(`${orderId}|${customerId}|${positionText}`).subarray(0, macBytes);
  return {
    issue(orderId, customerId, { partition, offset }) {
      const positionText = `${partition}.${offset}.${ownTag}`;
      return `${positionText}.${macOf(keyedHashes[0]!, orderId, customerId, positionText).toString('base64url')}`;
    },
    read(ticket, orderId, customerId) {
      const parts = form.exec(ticket);
      if (parts === null) return null;
      const partition = Number(parts[1]);
      const offset = Number(parts[2]);
      const mac = Buffer.from(parts[4]!, 'base64url');
      if (!Number.isSafeInteger(offset) || mac.length !== macBytes) return null;
      const positionText = `${partition}.${offset}.${parts[3]}`;
      if (!ticket.startsWith(`${positionText}.`)) return null;
      const isSigned = keyedHashes.some((each) =>
        timingSafeEqual(mac, macOf(each, orderId, customerId, positionText)),
      );
      if (!isSigned) return null;
      return parts[3] === ownTag ? { partition, offset } : 'otherLog';
    },
  };
}
