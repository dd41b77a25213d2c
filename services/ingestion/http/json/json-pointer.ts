/** Pointers into a JSON document (RFC 6901), as answers show them. */

/** The pointers of requests that we know are shorter. Longer ones hold a caller's names, which would make answers large. */
const pointerCharsMax = 200;

/** One segment of a pointer with its slash. */
export function pointerSegment(name: string | number): string {
  const text = typeof name === 'number' || name.length <= pointerCharsMax ? name : cutPointer(name);
  return `/${String(text).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The pointer, with `…` in place of its end if it is longer than 200 characters. */
export function cutPointer(pointer: string): string {
  return pointer.length <= pointerCharsMax ? pointer : `${pointer.slice(0, pointerCharsMax)}…`;
}
