/**
 * Reads the header `Idempotency-Key`. It may be a structured-field string as in the IETF draft, or the bare token
 * that most clients send.
 */
/** The pattern of both forms. */
export const idempotencyKeyPattern = '^(?:[!#-~][!-~]{0,254}|"(?:[!#-\\[\\]-~]|\\\\["\\\\]){1,255}")$';

const bareKey = /^[\x21-\x7e]{1,255}$/;
const quotedKey = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

/**
 * The key of 1–255 visible ASCII characters, or null if the header has neither form. `"abc"` and `abc` are the same
 * key.
 */
export function readIdempotencyKey(field: string): string | null {
  const trimmed = field.trim();
  if (trimmed.charCodeAt(0) !== 0x22) return bareKey.test(trimmed) ? trimmed : null;
  const quoted = quotedKey.exec(trimmed)?.[1];
  if (quoted === undefined) return null;
  const key = quoted.replaceAll(/\\(["\\])/g, '$1');
  return bareKey.test(key) ? key : null;
}

/**
 * The key in a batch or a query. Also here `"abc"` and `abc` are the same key. Any other text that matches the
 * schema is the key itself.
 */
export function readKeyText(text: string): string {
  return readIdempotencyKey(text) ?? text;
}
