/** Parsers of command-line arguments for commander. Each throws a sentence that names the expected form. */
import { InvalidArgumentError } from 'commander';

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CUSTOMER = /^[!-~]{1,128}$/;

/** A whole number from 0. */
export function wholeNumber(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('expected a whole number.');
  return Number(text);
}

/** A whole number from 1. */
export function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError('expected a whole number of at least 1.');
  return value;
}

/** A number of seconds, or a number with s, m, h or d. Returns seconds. */
export function seconds(text: string): number {
  const match = /^([0-9]{1,9})([smhd])?$/.exec(text);
  if (match === null || Number(match[1]) === 0) {
    throw new InvalidArgumentError('expected a time such as 90, 30s, 15m, 2h or 7d.');
  }
  return Number(match[1]) * UNIT_SECONDS[(match[2] ?? 's') as keyof typeof UNIT_SECONDS];
}

/** A point in time as epoch milliseconds: ISO 8601, or a time before now such as `15m`. */
export function pointInTime(text: string): number {
  if (/^[0-9]+[smhd]$/.test(text)) return Date.now() - seconds(text) * 1000;
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('expected an ISO 8601 time, or a time before now such as 15m.');
  return ms;
}

/** An order id, in lower case. */
export function orderId(text: string): string {
  const id = text.toLowerCase();
  if (!UUID.test(id)) throw new InvalidArgumentError('expected an order id: a UUID such as 0c9f7f0e-….');
  return id;
}

/** A stock keeping unit. */
export function skuText(text: string): string {
  if (!/^[!-~]{1,64}$/.test(text))
    throw new InvalidArgumentError('expected a SKU: 1 to 64 visible ASCII characters.');
  return text;
}

/** A refund id, in lower case. */
export function refundId(text: string): string {
  const id = text.toLowerCase();
  if (!UUID.test(id)) throw new InvalidArgumentError('expected a refund id: a UUID such as 0c9f7f0e-….');
  return id;
}

/** A customer id, the `sub` of tokens. */
export function customerId(text: string): string {
  if (!CUSTOMER.test(text))
    throw new InvalidArgumentError('expected a customer id: 1 to 128 visible ASCII characters.');
  return text;
}
