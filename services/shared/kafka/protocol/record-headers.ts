import Decoder from 'kafkajs/src/protocol/decoder.js';

interface Header {
  readonly key: string;
  readonly value: Buffer | null;
}
type Headers = Record<string, Buffer | null>;
interface Reading {
  readVarInt(): number;
  readVarIntArray(read: (decoder: Reading) => Header): Header[];
}

/**
 * Replaces the method with which kafkajs's record decoder reads headers. The decoder is the only caller of the
 * method. It copies all earlier headers for each new one. A record of 1 MB of small headers would block the
 * event loop for minutes. Our method makes one pass. Of headers with the same name the last one counts. You can
 * call this function any number of times.
 */
export function readHeadersOnce(): void {
  (Decoder.prototype as Reading).readVarIntArray = readInOnePass;
}

function readInOnePass(this: Reading, read: (decoder: Reading) => Header): Header[] {
  const count = this.readVarInt();
  const headers = new HeaderList();
  for (let index = 0; index < count; index++) headers.push(read(this));
  return headers;
}

/** The decoder uses this list as an array, and only calls `reduce`. */
class HeaderList extends Array<Header> {
  override reduce<T>(): T {
    // Names come from other producers. Without a prototype, `__proto__` is an ordinary name.
    const folded: Headers = Object.create(null);
    for (const { key, value } of this) folded[key] = value;
    return folded as T;
  }
}
