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

/** Versions of an `If-Match` or `If-None-Match` field: `any` for `*`, null when it is malformed. */
export function readEtags(field: string): 'any' | readonly number[] | null {
  if (field.trim() === '*') return 'any';
  const versions: number[] = [];
  for (const part of field.split(',')) {
    const tag = /^\s*(?:W\/)?"([\x21\x23-\x7e]*)"\s*$/.exec(part)?.[1];
    if (tag === undefined) return null;
    // A tag of another make can never match, but is no mistake.
    versions.push(/^\d{1,9}$/.test(tag) ? Number(tag) : -1);
  }
  return versions;
}
