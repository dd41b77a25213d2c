/** Reads a body in chunks (RFC 9112, section 7.1). Proxies send chunks instead of a length. */

const lineEnd = '\r\n';

/**
 * The body that begins at `from`, without the sizes and trailers of its chunks. Null until the last chunk has arrived, and
 * for a body with an invalid size, which never ends.
 */
export function readChunks(received: string, from: number): string | null {
  let body = '';
  let at = from;
  while (true) {
    const sizeEnd = received.indexOf(lineEnd, at);
    if (sizeEnd === -1) return null;
    const size = Number.parseInt(received.slice(at, sizeEnd), 16);
    const dataFrom = sizeEnd + lineEnd.length;
    if (size === 0) return isTrailerWhole(received, dataFrom) ? body : null;
    at = dataFrom + size + lineEnd.length;
    // Also true for an invalid size.
    if (!(received.length >= at)) return null;
    body += received.slice(dataFrom, dataFrom + size);
  }
}

/** The trailers end with an empty line. */
function isTrailerWhole(received: string, from: number): boolean {
  return received.startsWith(lineEnd, from) || received.includes(lineEnd + lineEnd, from);
}
