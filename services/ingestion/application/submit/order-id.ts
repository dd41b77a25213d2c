/**
 * Derives ids from a request, so that no instance stores them. The same request has the same ids on every instance.
 */
import { hash } from 'node:crypto';
import { uuidOf } from '../../../shared/ids/index.ts';

/**
 * UUIDv8 (RFC 9562) of the first 128 bits of SHA-256(UTF-8 of customer id, 0x00, key), in lower case. A key is
 * visible ASCII and has no 0x00, so two pairs never give the same bytes.
 */
export function orderIdOf(customerId: string, key: string): string {
  return uuidOf(`${customerId}\0${key}`);
}

/** Command id of the only place command of an order. */
export function placeCommandId(orderId: string): string {
  return `place:${orderId}`;
}

interface Cancel {
  readonly orderId: string;
  readonly customerId: string;
  readonly isOperator: boolean;
  readonly expectedVersion: number | null;
}

/** Command id of a cancel. A repeated request of the same caller gets the same id. */
export function cancelCommandId({ orderId, customerId, isOperator, expectedVersion }: Cancel): string {
  // No customer has a name with a space.
  const caller = isOperator ? `operator ${customerId}` : customerId;
  const named = `${orderId}\0${caller}${expectedVersion === null ? '' : `\0${expectedVersion}`}`;
  return `cancel:${hash('sha256', named, 'hex').slice(0, 32)}`;
}
