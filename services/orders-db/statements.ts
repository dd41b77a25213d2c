/**
 * Splits a script into statements at semicolons outside quotes and comments. Drops parts with comments only.
 * `DELIMITER` is not supported, because each trigger is one statement and no migration has procedures.
 */
export function splitStatements(script: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let hasCode = false;
  for (let at = 0; at < script.length; ) {
    const skipped = skipQuoteOrComment(script, at);
    if (skipped.end > at) {
      hasCode ||= skipped.isCode;
      at = skipped.end;
      continue;
    }
    const char = script[at]!;
    if (char === ';') {
      if (hasCode) statements.push(script.slice(start, at).trim());
      start = at + 1;
      hasCode = false;
    } else if (char.trim() !== '') hasCode = true;
    at++;
  }
  if (hasCode) statements.push(script.slice(start).trim());
  return statements;
}

/** The end of the quoted text or comment that begins at `at`; `at` itself if none begins there. */
function skipQuoteOrComment(script: string, at: number): { end: number; isCode: boolean } {
  const char = script[at]!;
  if (char === "'" || char === '"' || char === '`')
    return { end: endOfQuote(script, at, char), isCode: true };
  if (char === '#' || /^--(\s|$)/.test(script.slice(at, at + 3)))
    return { end: endOf(script, '\n', at), isCode: false };
  // The server runs the code in `/*!`.
  if (script.startsWith('/*', at))
    return { end: endOf(script, '*/', at + 2), isCode: script[at + 2] === '!' };
  return { end: at, isCode: false };
}

function endOfQuote(script: string, from: number, quote: string): number {
  for (let at = from + 1; at < script.length; at++) {
    if (script[at] === '\\' && quote !== '`') at++;
    else if (script[at] === quote) return at + 1;
  }
  return script.length;
}

function endOf(script: string, mark: string, from: number): number {
  const found = script.indexOf(mark, from);
  return found === -1 ? script.length : found + mark.length;
}
