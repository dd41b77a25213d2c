/** Ids that are derived from other values and not stored. */
import { hash } from 'node:crypto';

/** UUIDv8 (RFC 9562) of the first 128 bits of SHA-256 of the UTF-8 text, in lower case. */
export function uuidOf(text: string): string {
  const hex = hash('sha256', text, 'hex');
  const variant = ((Number.parseInt(hex[16]!, 16) & 0b0011) | 0b1000).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the text is a UUID in lower case, of any version. */
export function isUuid(text: string): boolean {
  return text.length === 36 && uuidForm.test(text);
}

const orderIdForm = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether the text has the form of an order id. The service looks up only such texts. */
export function isOrderId(text: string): boolean {
  return text.length === 36 && orderIdForm.test(text);
}
