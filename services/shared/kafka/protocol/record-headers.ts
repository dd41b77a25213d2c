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
 * Replaces the method by which kafkajs's record decoder, its only caller, reads headers. The decoder folds them by
 * copying all earlier ones for each: a record of 1 MB made of small headers would stop the event loop for minutes.
 * Ours folds in one pass; of headers with the same name the last one counts. Safe to call any number of times.
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

/** What the decoder takes for an array, of which it only asks for the fold. */
class HeaderList extends Array<Header> {
  override reduce<T>(): T {
    // Names come from strangers: without a prototype `__proto__` is a name like any other.
    const folded: Headers = Object.create(null);
    for (const { key, value } of this) folded[key] = value;
    return folded as T;
  }
}
