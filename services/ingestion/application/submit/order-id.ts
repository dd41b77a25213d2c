/**
 * Derives ids from a request, so that no instance stores them. The same request has the same ids on every instance.
 */
import { hash } from 'node:crypto';

/**
 * UUIDv8 (RFC 9562) of the first 128 bits of SHA-256(UTF-8 of customer id, 0x00, key), in lower case. A key is
 * visible ASCII and has no 0x00, so two pairs never give the same bytes.
 */
export function orderIdOf(customerId: string, key: string): string {
  const hex = hash('sha256', `${customerId}\0${key}`, 'hex');
  const variant = ((Number.parseInt(hex[16]!, 16) & 0b0011) | 0b1000).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Command id of the only place command of an order. */
export function placeCommandId(orderId: string): string {
  return `place:${orderId}`;
}

/** Command id of a cancel. A repeated request of the same caller gets the same id. */
export function cancelCommandId(orderId: string, customerId: string, expectedVersion: number | null): string {
  const named = `${orderId}\0${customerId}${expectedVersion === null ? '' : `\0${expectedVersion}`}`;
  return `cancel:${hash('sha256', named, 'hex').slice(0, 32)}`;
}

const orderIdForm = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether the text has the form of our order ids. Other texts are not looked up. */
export function isOrderId(text: string): boolean {
  return text.length === 36 && orderIdForm.test(text);
}
