/**
 * A ticket says where an order's command stands in the log, so that its state can be told before the worker has decided
 * and with every store cold. It is bound to the order and the customer by a MAC and holds nothing secret.
 */
import { timingSafeEqual } from 'node:crypto';
import { createKeyedHash } from './keyed-hash.ts';

export interface LogPosition {
  readonly partition: number;
  readonly offset: number;
}

export interface Tickets {
  /** The value of the query parameter `t`. */
  issue(orderId: string, customerId: string, position: LogPosition): string;
  /** The position, or null when the ticket is not ours, or not for this order and customer. */
  read(ticket: string, orderId: string, customerId: string): LogPosition | null;
}

const macBytes = 16;
const form = /^(\d{1,5})\.(\d{1,16})\.([A-Za-z0-9_-]{22})$/;

/** Tickets under one secret, which all instances of a deployment share. */
export function createTickets(secret: string): Tickets {
  const keyedHash = createKeyedHash(secret);
  const macOf = (orderId: string, customerId: string, partition: number, offset: number): Buffer =>
    keyedHash(`${orderId}|${customerId}|${partition}|${offset}`).subarray(0, macBytes);
  return {
    issue(orderId, customerId, { partition, offset }) {
      return `${partition}.${offset}.${macOf(orderId, customerId, partition, offset).toString('base64url')}`;
    },
    read(ticket, orderId, customerId) {
      const parts = form.exec(ticket);
      if (parts === null) return null;
      const partition = Number(parts[1]);
      const offset = Number(parts[2]);
      const mac = Buffer.from(parts[3]!, 'base64url');
      if (!Number.isSafeInteger(offset) || mac.length !== macBytes) return null;
      if (`${partition}.${offset}` !== `${parts[1]}.${parts[2]}`) return null;
      return timingSafeEqual(mac, macOf(orderId, customerId, partition, offset))
        ? { partition, offset }
        : null;
    },
  };
}
