/**
 * Reads a request body as JSON without the silences of JSON.parse: invalid UTF-8, a member named twice, an unpaired
 * surrogate, a number that is not an exact integer and too deep a nesting are faults, each with its JSON pointer.
 *
 * JSON.parse does the reading; one pass over the text then looks for anything that could be wrong. Only a text that
 * is suspect (an escape, a long or fractional number, fewer members than colons) pays for the careful walk.
 */
import { isUtf8 } from 'node:buffer';
import { findJsonFaults, type JsonFault, jsonDepthMax } from './json-faults.ts';

export type { JsonFault } from './json-faults.ts';

export interface ParsedJson {
  /** Undefined when nothing could be read. */
  readonly value: unknown;
  readonly faults: readonly JsonFault[];
  /** False when not all faults were looked for: where none is named there may be one all the same. */
  readonly isComplete: boolean;
}

const noFaults: readonly JsonFault[] = [];
/** Fifteen digits always fit below 2^53. */
const certainDigits = 15;

/** Parses `bytes`; never throws. `faults` is empty exactly when the document may be used as it is. */
export function parseStrictJson(bytes: Buffer): ParsedJson {
  if (!isUtf8(bytes)) return unreadable('The body is not valid UTF-8.');
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // An outcome: the parser's message quotes the body, which may hold personal data.
    return unreadable(text.length === 0 ? 'The body is empty.' : 'The body is not valid JSON.');
  }
  if (isPlain(text, value)) return { value, faults: noFaults, isComplete: true };
  return { value, ...findJsonFaults(text) };
}

function unreadable(detail: string): ParsedJson {
  return { value: undefined, faults: [{ pointer: '', detail }], isComplete: false };
}

/** True when the (valid) text cannot hold a fault; false only means that it must be walked. */
function isPlain(text: string, value: unknown): boolean {
  if (text.includes('\\')) return false;
  let colons = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) i = text.indexOf('"', i + 1);
    else if (c === 0x3a) colons++;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > jsonDepthMax) return false;
    } else if (c === 0x7d || c === 0x5d) depth--;
    else if ((c >= 0x30 && c <= 0x39) || c === 0x2d) {
      const end = endOfDigits(text, i + 1);
      if (end - i > certainDigits || isFraction(text.charCodeAt(end))) return false;
      i = end - 1;
    }
  }
  return colons === countMembers(value);
}

function endOfDigits(text: string, from: number): number {
  let i = from;
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (c < 0x30 || c > 0x39) break;
    i++;
  }
  return i;
}

function isFraction(c: number): boolean {
  return c === 0x2e || c === 0x65 || c === 0x45;
}

/** Recursion is bounded: the nesting was checked before. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value) if (typeof element === 'object') count += countMembers(element);
    return count;
  }
  const members = Object.values(value);
  count = members.length;
  for (const member of members) if (typeof member === 'object') count += countMembers(member);
  return count;
}
