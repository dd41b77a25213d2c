/**
 * Numbers ids from 0 in the order in which they are added. It is a hash table with open addressing in typed arrays. An id needs about
 * 30 bytes, and the garbage collector has no work with it.
 */
export interface UuidIndex {
  size(): number;
  /** The number of the id, or -1. */
  find(id: string): number;
  /** Like `find`, by the 16 bytes of the id. */
  findBytes(id: Uint8Array): number;
  /** The number of the id, which is new if it was not in the index. Returns -1 for a new id if there is no room for it. */
  findOrAdd(id: string, sizeMax: number): number;
  /** The id with this number, as text in lower case. */
  idOf(entry: number): string;
}

/** An id is four words of 32 bits. */
const words = 4;
const firstSlots = 1_024;
const hexDigits = '0123456789abcdef';

export function createUuidIndex(): UuidIndex {
  let ids = new Uint32Array((firstSlots / 2) * words);
  /** The number of the id plus 1, by hash. 0 is a free slot. At most half of the slots are used. */
  let slots = new Uint32Array(firstSlots);
  let size = 0;
  const wanted = new Uint32Array(words);

  /** The slot of the wanted id, or the free slot where it belongs. */
  const seek = (): number => {
    const mask = slots.length - 1;
    let slot = hashOf(wanted, 0) & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const at = (slots[slot]! - 1) * words;
      const isSame =
        ids[at] === wanted[0] &&
        ids[at + 1] === wanted[1] &&
        ids[at + 2] === wanted[2] &&
        ids[at + 3] === wanted[3];
      if (isSame) break;
    }
    return slot;
  };
  const grow = (): void => {
    const [oldIds, mask] = [ids, slots.length * 2 - 1];
    ids = new Uint32Array(oldIds.length * 2);
    ids.set(oldIds);
    slots = new Uint32Array(slots.length * 2);
    for (let entry = 0; entry < size; entry++) {
      let slot = hashOf(ids, entry * words) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
  };

  return {
    size: () => size,
    find(id) {
      readText(wanted, id);
      return slots[seek()]! - 1;
    },
    findBytes(id) {
      for (let word = 0; word < words; word++) {
        const at = word * 4;
        wanted[word] = (id[at]! << 24) | (id[at + 1]! << 16) | (id[at + 2]! << 8) | id[at + 3]!;
      }
      return slots[seek()]! - 1;
    },
    findOrAdd(id, sizeMax) {
      if (size * 2 >= slots.length) grow();
      readText(wanted, id);
      const slot = seek();
      if (slots[slot] !== 0) return slots[slot]! - 1;
      if (size >= sizeMax) return -1;
      slots[slot] = size + 1;
      ids.set(wanted, size * words);
      return size++;
    },
    idOf: (entry) => textOf(ids, entry * words),
  };
}

function hashOf(ids: Uint32Array, at: number): number {
  const mixed =
    Math.imul(ids[at]!, 0x9e3779b1) ^
    Math.imul(ids[at + 1]!, 0x85ebca77) ^
    Math.imul(ids[at + 2]!, 0xc2b2ae3d) ^
    Math.imul(ids[at + 3]!, 0x27d4eb2f);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** Reads 32 hex digits and skips the dashes. */
function readText(into: Uint32Array, id: string): void {
  let [word, digits] = [0, 0];
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    if (code === 45) continue;
    word = (word << 4) | (code < 58 ? code - 48 : (code | 32) - 87);
    digits++;
    if (digits % 8 === 0) {
      into[digits / 8 - 1] = word;
      word = 0;
    }
  }
}

function textOf(ids: Uint32Array, at: number): string {
  let text = '';
  for (let digit = 0; digit < 32; digit++) {
    if (digit === 8 || digit === 12 || digit === 16 || digit === 20) text += '-';
    text += hexDigits[(ids[at + (digit >> 3)]! >>> (28 - (digit & 7) * 4)) & 15];
  }
  return text;
}
