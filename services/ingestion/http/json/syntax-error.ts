/**
 * Finds the syntax error in a text that JSON.parse has refused (RFC 8259). It takes linear time and uses no
 * recursion.
 */

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Index of the first character that JSON does not allow at its position. The length of the text if it ends too
 * early. Null for valid JSON.
 */
export function findSyntaxError(text: string): number | null {
  /** Closing brackets that must still come, the innermost last. */
  const due: number[] = [];
  let at = skipBlanks(text, 0);
  for (;;) {
    const c = text.charCodeAt(at);
    if (c === openBrace || c === openBracket) {
      const close = c + 2;
      at = skipBlanks(text, at + 1);
      if (text.charCodeAt(at) !== close) {
        due.push(close);
        if (close === closeBrace) at = readName(text, at);
        if (at < 0) return ~at;
        continue;
      }
      at++;
    } else {
      at = readScalar(text, at);
    }
    if (at >= 0) at = closeAndGoOn(text, at, due);
    if (at < 0) return ~at;
    if (due.length === 0) return at === text.length ? null : at;
  }
}

// From here on an index below 0 is `~index` of an error.

/**
 * Reads the closing brackets and the comma after a value, up to the next value. Without an open bracket, the text
 * must end.
 */
function closeAndGoOn(text: string, from: number, due: number[]): number {
  let at = skipBlanks(text, from);
  while (due.length > 0) {
    const close = due.at(-1)!;
    const c = text.charCodeAt(at);
    if (c === comma) {
      at = skipBlanks(text, at + 1);
      return close === closeBrace ? readName(text, at) : at;
    }
    if (c !== close) return ~at;
    due.pop();
    at = skipBlanks(text, at + 1);
  }
  return at;
}

/** Reads the name of a member and its colon. Returns the start of the value. */
function readName(text: string, from: number): number {
  if (text.charCodeAt(from) !== quote) return ~from;
  const end = readString(text, from);
  if (end < 0) return end;
  const at = skipBlanks(text, end);
  return text.charCodeAt(at) === colon ? skipBlanks(text, at + 1) : ~at;
}

function readScalar(text: string, from: number): number {
  if (text.charCodeAt(from) === quote) return readString(text, from);
  for (const word of ['true', 'false', 'null']) if (text.startsWith(word, from)) return from + word.length;
  const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
  number.lastIndex = from;
  return number.test(text) ? number.lastIndex : ~from;
}

function readString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length) {
    const c = text.charCodeAt(at);
    if (c === quote) return at + 1;
    if (c < 0x20) return ~at;
    if (c === backslash) {
      const length = escapeLength(text, at);
      if (length === 0) return ~at;
      at += length;
    } else at++;
  }
  return ~text.length;
}

/**
 * Length of the escape at `at`, or 0 if it is invalid. The result of an escape that the text cuts off points after
 * the end of the text.
 */
function escapeLength(text: string, at: number): number {
  const kind = text.charAt(at + 1);
  if (kind === '' || '"\\/bfnrt'.includes(kind)) return 2;
  if (kind !== 'u') return 0;
  return /^[0-9a-fA-F]*$/.test(text.slice(at + 2, at + 6)) ? 6 : 0;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) break;
  }
  return at;
}

/** The position of an index as text: `line 3, column 7`. Both numbers start at 1, and columns count characters. */
export function whereIn(text: string, at: number): string {
  let line = 1;
  let column = 1;
  for (let i = 0; i < at; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x0a) {
      line++;
      column = 1;
    } else if (c < 0xdc00 || c > 0xdfff) column++;
  }
  return `line ${line}, column ${column}`;
}
