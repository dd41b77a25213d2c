/** Pointers into a JSON document (RFC 6901), in the form that responses show. */

/**
 * Pointers to valid members are shorter. Longer pointers contain names that a caller chose, which would make
 * responses large.
 */
const pointerCharsMax = 200;

/** One segment of a pointer with its slash. */
export function pointerSegment(name: string | number): string {
  const text = typeof name === 'number' || name.length <= pointerCharsMax ? name : cutPointer(name);
  return `/${String(text).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The pointer. If it is longer than 200 characters, `…` replaces its end. */
export function cutPointer(pointer: string): string {
  return pointer.length <= pointerCharsMax ? pointer : `${pointer.slice(0, pointerCharsMax)}…`;
}
