/** The fingerprint of an order request: equal for equal requests whatever the order of members or the white space. */
import { hash } from 'node:crypto';

/**
 * SHA-256 of the canonical JSON (RFC 8785) of a value that came from strict JSON, in base64url without padding: 43
 * characters. A text, as thousands are remembered, and a small buffer costs twice the hash and a good deal of collecting.
 */
export function fingerprintOf(request: unknown): string {
  return hash('sha256', canonicalJson(request), 'base64url');
}

/** Nothing in such a text is escaped by JSON.stringify; it stands for itself. */
const plain = /^[ !#-[\]-\uffff]*$/;

/**
 * RFC 8785 for what a request can hold: members sorted by UTF-16 code units, no blanks. Strings and numbers come out of
 * JSON.stringify, which is the form that the RFC takes over; unpaired surrogates and fractions were refused before.
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

/** By insertion: objects have a handful of members, for which a call of `sort` costs several times the work. */
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
