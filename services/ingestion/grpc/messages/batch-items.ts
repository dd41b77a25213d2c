/** Finds the items of a batch without decoding them, so that they can be decoded one by one. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** Number of the field `orders` in CreateOrdersRequest. */
const ordersField = 1;

/** The bytes of each item, or null if the message has another form. */
export function splitBatch(message: Uint8Array): Uint8Array[] | null {
  const reader = new BinaryReader(message);
  const items: Uint8Array[] = [];
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      if (number !== ordersField || wireType !== WireType.LengthDelimited) return null;
      items.push(reader.bytes());
    }
  } catch {
    // The message ends within an item.
    return null;
  }
  return items;
}
