/** Finds the first invalid byte of a text. */

const replacement = '\ufffd';

/**
 * Index of the first invalid bytes in the decoded text. The decoder writes U+FFFD for them. A real U+FFFD has its
 * own three bytes in the input.
 *
 * @param bytes bytes that are not valid UTF-8
 * @param text the same bytes, decoded by Node
 */
export function invalidUtf8At(bytes: Buffer, text: string): number {
  let offset = 0;
  let from = 0;
  for (let i = text.indexOf(replacement); i !== -1; i = text.indexOf(replacement, from)) {
    offset += Buffer.byteLength(text.slice(from, i));
    const isGenuine = bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd;
    if (!isGenuine) return i;
    offset += 3;
    from = i + 1;
  }
  return text.length;
}
