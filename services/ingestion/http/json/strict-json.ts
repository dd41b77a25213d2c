/**
 * Reads a request body as JSON, and reports faults that JSON.parse accepts silently, each with its JSON
 * pointer. The faults: invalid UTF-8, a repeated member, an unpaired surrogate, a number that is not an exact
 * integer, too deep a nesting.
 *
 * JSON.parse does the reading; one pass over the text looks for possible faults. Only a suspect text needs a
 * second walk. Suspect are an escape, a long or fractional number, and fewer members than colons.
 */
import { isUtf8 } from 'node:buffer';
import { findJsonFaults, type JsonFault } from './json-faults.ts';
import { type Survey, surveyValue } from './survey.ts';
import { findSyntaxError, whereIn } from './syntax-error.ts';
import { invalidUtf8At } from './utf8-error.ts';

export type { JsonFault } from './json-faults.ts';

export interface ParsedJson {
  /** Undefined when nothing could be read. */
  readonly value: unknown;
  readonly faults: readonly JsonFault[];
  /** False if the search for faults was incomplete. There may then be a fault even if none is listed. */
  readonly isComplete: boolean;
}

const noFaults: readonly JsonFault[] = [];

/** Parses `bytes`; never throws. `faults` is empty exactly when the document may be used as it is. */
export function parseStrictJson(bytes: Buffer): ParsedJson {
  const text = readUtf8(bytes);
  return typeof text === 'string' ? parseStrictText(text) : unreadable(text.detail);
}

/** The text of a body, or the fault that it is not UTF-8, with the place of the first wrong byte. */
export function readUtf8(bytes: Buffer): string | JsonFault {
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return text;
  const place = whereIn(text, invalidUtf8At(bytes, text));
  return { pointer: '', detail: `The body is not valid UTF-8: ${place}.` };
}

/** Parses a text; never throws. `survey` is that of the text, for a caller that has it already. */
export function parseStrictText(text: string, survey?: Survey): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message is not used: it quotes the body, which may hold personal data.
    return unreadable(describeSyntaxError(text));
  }
  const { isSuspect, colons } = survey ?? surveyValue(text, 0);
  if (!isSuspect && colons === countMembers(value)) return { value, faults: noFaults, isComplete: true };
  return { value, ...findJsonFaults(text) };
}

/** Where a body that JSON.parse refuses stops being JSON. */
export function describeSyntaxError(text: string): string {
  if (text.length === 0) return 'The body is empty.';
  const at = findSyntaxError(text) ?? text.length;
  const what = at === text.length ? 'it ends too early' : 'something else was expected';
  return `The body is not valid JSON: ${what} at ${whereIn(text, at)}.`;
}

function unreadable(detail: string): ParsedJson {
  return { value: undefined, faults: [{ pointer: '', detail }], isComplete: false };
}

/** Recursion is bounded: a text that nests deeper is suspect, and its members are not counted. */
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
