/** The fingerprint of an order: equal for equal orders, whatever the order of members or the white space. */
import { hash } from 'node:crypto';
import type { PlaceOrderInput, PlaceOrderLine } from './place-order-input.ts';

/**
 * SHA-256 of the canonical JSON (RFC 8785) of an order from strict JSON, in base64url without padding: 43
 * characters. It is a text, because the service remembers thousands of fingerprints. A small buffer takes twice the
 * memory of the hash and causes much garbage collection.
 */
export function fingerprintOf(order: PlaceOrderInput): string {
  const canonical = order.metadata === undefined ? canonicalOrder(order) : canonicalJson(order);
  return hash('sha256', canonical, 'base64url');
}

/**
 * `canonicalJson` of an order without metadata, in a quarter of the time. JSON.stringify writes members in the
 * order of the code below, which is the order of the RFC. It omits undefined members.
 */
export function canonicalOrder({ items, shippingAddress, ...order }: PlaceOrderInput): string {
  const { city, country, line1, line2, name, postalCode, region } = shippingAddress;
  const lines = new Array<PlaceOrderLine>(items.length);
  for (let i = 0; i < items.length; i++) {
    const { expectedUnitPrice, quantity, sku } = items[i]!;
    lines[i] = { expectedUnitPrice, quantity, sku } satisfies Named<PlaceOrderLine>;
  }
  return JSON.stringify({
    contact: order.contact,
    couponCode: order.couponCode,
    currency: order.currency,
    expectedTotal: order.expectedTotal,
    items: lines,
    metadata: undefined,
    shippingAddress: { city, country, line1, line2, name, postalCode, region } satisfies Named<
      PlaceOrderInput['shippingAddress']
    >,
  } satisfies Named<PlaceOrderInput>);
}

/** An object that names every member, so that no new member can be missing in the fingerprint. */
type Named<T> = { readonly [name in keyof Required<T>]: T[name] };

/** JSON.stringify escapes nothing in such a text, so it is copied as it is. */
const plain = /^[ !#-[\]-\uffff]*$/;

/**
 * RFC 8785 for every valid request: members sorted by UTF-16 code units, no spaces. JSON.stringify writes strings
 * and numbers, and the RFC adopts its form. The parser has already refused unpaired surrogates and fractions.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    let text = '[';
    for (let i = 0; i < value.length; i++)
      text += i === 0 ? canonicalJson(value[i]) : `,${canonicalJson(value[i])}`;
    return `${text}]`;
  }
  const members = value as Record<string, unknown>;
  const names = sortedNames(members);
  let text = '{';
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    text += `${i === 0 ? '' : ','}${quoted(name)}:${canonicalJson(members[name])}`;
  }
  return `${text}}`;
}

/** Sorts by insertion. An object has few members, and a call of `sort` costs several times as much for them. */
function sortedNames(members: Record<string, unknown>): string[] {
  const names = Object.keys(members);
  for (let i = 1; i < names.length; i++) {
    const name = names[i]!;
    let at = i;
    for (; at > 0 && names[at - 1]! > name; at--) names[at] = names[at - 1]!;
    names[at] = name;
  }
  return names;
}

function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}
