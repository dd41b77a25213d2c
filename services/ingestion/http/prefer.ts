/** Reads the request headers with the requested wait and with the version that the client has. */

const waitSecondsMax = 30;

/**
 * Seconds of `Prefer: wait=N` (RFC 7240), at most 30. 0 without the preference. A malformed preference is ignored,
 * as the RFC requires.
 */
export function preferredWaitSeconds(field: string | string[] | undefined): number {
  if (field === undefined) return 0;
  const text = typeof field === 'string' ? field : field.join(',');
  for (const preference of text.split(',')) {
    const seconds = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference)?.[1];
    if (seconds !== undefined) return Math.min(waitSecondsMax, Number(seconds));
  }
  return 0;
}

export function etagOf(version: number): string {
  return `"${version}"`;
}

const entityTag = '(?:W/)?"[!#-~]*"';
/** Forms of `If-Match`, which has one version here, and of `If-None-Match`. */
export const oneEtagPattern = `^(?:\\*|${entityTag})$`;
export const etagsPattern = `^(?:\\*|${entityTag}(?: *, *${entityTag})*)$`;

const etagsForm = new RegExp(`^\\s*(?:\\*|${entityTag}(?:\\s*,\\s*${entityTag})*)\\s*$`);

/** Versions of an `If-Match` or `If-None-Match` header. `any` for `*`, null for a malformed header. */
export function readEtags(field: string): 'any' | readonly number[] | null {
  if (!etagsForm.test(field)) return null;
  if (field.trim() === '*') return 'any';
  // A tag of another format is valid but never matches. It may contain a comma.
  return [...field.matchAll(/"([^"]*)"/g)].map(([, tag]) => (/^\d{1,9}$/.test(tag!) ? Number(tag) : -1));
}
