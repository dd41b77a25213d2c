/** Request fields that say how long to wait and which version the client has. */

const waitSecondsMax = 30;

/** Seconds of `Prefer: wait=N` (RFC 7240), 0 without; above 30 counts as 30. What is malformed is ignored, as the RFC wants. */
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
/** Forms of `If-Match`, which names one version here, and of `If-None-Match`. */
export const oneEtagPattern = `^(?:\\*|${entityTag})$`;
export const etagsPattern = `^(?:\\*|${entityTag}(?: *, *${entityTag})*)$`;

const etagsForm = new RegExp(`^\\s*(?:\\*|${entityTag}(?:\\s*,\\s*${entityTag})*)\\s*$`);

/** Versions of an `If-Match` or `If-None-Match` field: `any` for `*`, null when it is malformed. */
export function readEtags(field: string): 'any' | readonly number[] | null {
  if (!etagsForm.test(field)) return null;
  if (field.trim() === '*') return 'any';
  // A tag of another format never matches, but is valid; it may contain a comma.
  return [...field.matchAll(/"([^"]*)"/g)].map(([, tag]) => (/^\d{1,9}$/.test(tag!) ? Number(tag) : -1));
}
