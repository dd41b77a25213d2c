/**
 * Reads a request body as JSON, and reports faults that JSON.parse accepts silently, each with its JSON pointer.
 * The faults are invalid UTF-8, repeated members, unpaired surrogates, numbers that are no exact integers, and deep
 * nesting.
 *
 * JSON.parse reads the text, and one pass over the text looks for possible faults. Only a suspect text needs a
 * second walk. A text with an escape, a long or fractional number, deep nesting or fewer members than colons is
 * suspect.
 */
import { isUtf8 } from 'node:buffer';
import { findJsonFaults, type JsonFault } from './json-faults.ts';
import { type Survey, surveyValue } from './survey.ts';
import { findSyntaxError, whereIn } from './syntax-error.ts';
import { invalidUtf8At } from './utf8-error.ts';

export type { JsonFault } from './json-faults.ts';

export interface ParsedJson {
  /** Undefined if the text is not valid JSON. */
  readonly value: unknown;
  readonly faults: readonly JsonFault[];
  /** False if the search for faults was incomplete. There may then be a fault even if none is listed. */
  readonly isComplete: boolean;
}

const noFaults: readonly JsonFault[] = [];

/** Parses `bytes`. Never throws. `faults` is empty exactly if the document has no fault. */
export function parseStrictJson(bytes: Buffer): ParsedJson {
  const text = readUtf8(bytes);
  return typeof text === 'string' ? parseStrictText(text) : unreadable(text.detail);
}

/** The text of a body, or a fault with the position of the first byte that is not UTF-8. */
export function readUtf8(bytes: Buffer): string | JsonFault {
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return text;
  const place = whereIn(text, invalidUtf8At(bytes, text));
  return { pointer: '', detail: `The body is not valid UTF-8: ${place}.` };
}

/** Parses a text. Never throws. A caller that already has the survey of the text passes it. */
export function parseStrictText(text: string, survey?: Survey): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The message of the parser quotes the body, which may contain personal data. So it is not used.
    return unreadable(describeSyntaxError(text));
  }
  const { isSuspect, colons } = survey ?? surveyValue(text, 0);
  if (!isSuspect && colons === countMembers(value)) return { value, faults: noFaults, isComplete: true };
  return { value, ...findJsonFaults(text) };
}

/** Describes the first syntax error of a body that JSON.parse refuses. */
export function describeSyntaxError(text: string): string {
  if (text.length === 0) return 'The body is empty.';
  const at = findSyntaxError(text) ?? text.length;
  const what = at === text.length ? 'unexpected end' : 'unexpected character';
  return `The body is not valid JSON: ${what} at ${whereIn(text, at)}.`;
}

function unreadable(detail: string): ParsedJson {
  return { value: undefined, faults: [{ pointer: '', detail }], isComplete: false };
}

/** The recursion is bounded, because a text with deeper nesting is suspect and its members are not counted. */
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
