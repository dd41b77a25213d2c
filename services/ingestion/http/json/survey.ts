/**
 * A lexical pass over one JSON value. It finds the end of the value, and whether it may contain a fault that
 * JSON.parse accepts. It does not check the syntax, so any text is a valid input.
 */

/** Maximum nesting. A valid request needs far less. */
export const jsonDepthMax = 32;
/** An integer of fifteen digits is always below 2^53. */
const certainDigits = 15;

export interface Survey {
  /** Index of the comma or bracket after the value, or the length of the text. */
  readonly end: number;
  /** Number of colons outside of strings. In valid JSON this is the number of written members. */
  readonly colons: number;
  /** True for an escape, a long or fractional number, or deep nesting. The value then needs the second walk. */
  readonly isSuspect: boolean;
}

/** Surveys the value that begins at `from`. */
export function surveyValue(text: string, from: number, hasEscapes = text.includes('\\')): Survey {
  let colons = 0;
  let depth = 0;
  let isSuspect = false;
  let i = from;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      const end = hasEscapes ? endOfEscaped(text, i + 1) : text.indexOf('"', i + 1);
      if (hasEscapes && !isSuspect) isSuspect = text.slice(i, end).includes('\\');
      if (end === -1) return { end: text.length, colons, isSuspect: true };
      i = end;
    } else if (c === 0x3a) colons++;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > jsonDepthMax) isSuspect = true;
    } else if (c === 0x7d || c === 0x5d) {
      if (--depth < 0) break;
    } else if (c === 0x2c) {
      if (depth === 0) break;
    } else if ((c >= 0x30 && c <= 0x39) || c === 0x2d) {
      const end = endOfDigits(text, i + 1);
      if (end - i > certainDigits || isFraction(text.charCodeAt(end))) isSuspect = true;
      i = end - 1;
    }
  }
  return { end: i, colons, isSuspect };
}

/** Index of the closing quote of a string whose content begins at `from`, or -1. */
function endOfEscaped(text: string, from: number): number {
  let i = from;
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (c === 0x22) return i;
    i += c === 0x5c ? 2 : 1;
  }
  return -1;
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
