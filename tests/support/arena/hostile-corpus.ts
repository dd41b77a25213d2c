/**
 * Records that no producer of ours sends. Each must become a dead letter, and none may affect its neighbours.
 */
import { randomUUID } from 'node:crypto';
import type { OrderCommand } from '../../../schemas/generated/types.ts';
import { CHECKSUM_HEADER, type Codecs, VALUE_BYTES_MAX } from '../../../services/shared/codec/index.ts';
import { partitionOfOrder } from '../../../topics/index.ts';
import { exampleEvent } from '../records/example-event.ts';
import { placeCommand } from './load.ts';

export interface HostileRecord {
  /** The fault of the record. */
  readonly what: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
}

const frameBytes = 5;

/** Returns more than 500 records. They are the same each time, except for the order ids. */
export function hostileCorpus(codecs: Codecs): HostileRecord[] {
  return [
    ...brokenFrames(codecs),
    ...truncations(codecs),
    ...flippedChecksums(codecs),
    ...lyingCounts(codecs),
    ...randomBytes(codecs),
    ...nonsense(codecs),
    ...oddOuters(codecs),
  ];
}

/** A record with the key of a new order, in that order's partition. */
function record(what: string, value: Buffer | null, change: Partial<HostileRecord> = {}): HostileRecord {
  const orderId = randomUUID();
  return {
    what,
    partition: partitionOfOrder(orderId),
    key: Buffer.from(orderId),
    value,
    headers: {},
    ...change,
  };
}

function goodBytes(codecs: Codecs): Buffer {
  return codecs.commands.encode(placeCommand(randomUUID(), ['SKU-1', 'SKU-2']));
}

function brokenFrames(codecs: Codecs): HostileRecord[] {
  const good = goodBytes(codecs);
  const withId = (id: number) => {
    const bytes = Buffer.from(good);
    bytes.writeUInt32BE(id, 1);
    return bytes;
  };
  const records = [record('null value', null), record('empty value', Buffer.alloc(0))];
  for (let magic = 1; magic < 256; magic += 15) {
    const bytes = Buffer.from(good);
    bytes[0] = magic;
    records.push(record(`magic byte ${magic}`, bytes));
  }
  for (const id of [0, 99_999, 0x7fffffff, 0xffffffff]) records.push(record(`schema id ${id}`, withId(id)));
  records.push(record('an event on the command topic', codecs.events.encode(exampleEvent())));
  for (const extra of [1, 2, 100]) {
    records.push(record(`${extra} trailing bytes`, Buffer.concat([good, Buffer.alloc(extra)])));
  }
  records.push(record('two values in one', Buffer.concat([good, good])));
  records.push(record('JSON', Buffer.from(JSON.stringify({ type: 'PLACE', __proto__: { polluted: true } }))));
  return records;
}

function truncations(codecs: Codecs): HostileRecord[] {
  const good = goodBytes(codecs);
  return Array.from({ length: good.length - 1 }, (_, index) =>
    record(`cut after ${index + 1} of ${good.length} bytes`, good.subarray(0, index + 1)),
  );
}

/** The only fault of these records is the wrong checksum. */
function flippedChecksums(codecs: Codecs): HostileRecord[] {
  const texts = ['', '0', '00000000', 'ffffffff', 'nonsense', 'deadbeef0', '-1', '\u0000', 'é'];
  return texts.map((text) => {
    const orderId = randomUUID();
    return {
      what: `checksum ${JSON.stringify(text)}`,
      partition: partitionOfOrder(orderId),
      key: Buffer.from(orderId),
      value: codecs.commands.encode(placeCommand(orderId, ['SKU-1'])),
      headers: { [CHECKSUM_HEADER]: Buffer.from(text) },
    };
  });
}

/**
 * Replaces each byte in turn with the start of a huge count or length. Leaves out records that can still be
 * decoded.
 */
function lyingCounts(codecs: Codecs): HostileRecord[] {
  const good = goodBytes(codecs);
  const huge = [Buffer.from('feffffff0f', 'hex'), Buffer.from('ffffffffffffffffff01', 'hex')];
  const records: HostileRecord[] = [];
  for (let at = frameBytes; at < good.length; at++) {
    for (const count of huge) {
      const bytes = Buffer.concat([good.subarray(0, at), count, good.subarray(at + 1)]);
      if (!decodes(codecs, bytes)) records.push(record(`a huge count at byte ${at}`, bytes));
    }
  }
  return records;
}

function randomBytes(codecs: Codecs): HostileRecord[] {
  const good = goodBytes(codecs);
  const random = createRandom(20_260_101);
  const records: HostileRecord[] = [];
  while (records.length < 60) {
    const body = Buffer.from(
      Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256)),
    );
    const bytes = records.length % 2 === 0 ? body : Buffer.concat([good.subarray(0, frameBytes), body]);
    if (!decodes(codecs, bytes)) records.push(record(`${body.length} random bytes`, bytes));
  }
  return records;
}

/** Values that can be decoded but are no valid commands. */
function nonsense(codecs: Codecs): HostileRecord[] {
  const orderId = randomUUID();
  const place = placeCommand(orderId, ['SKU-1']) as Extract<OrderCommand, { type: 'PLACE' }>;
  const line = place.payload.lines[0]!;
  const withPayload = (change: Partial<typeof place.payload>) => ({
    ...place,
    payload: { ...place.payload, ...change },
  });
  const cases: Record<string, OrderCommand> = {
    'no lines': withPayload({ lines: [] }),
    '101 lines': withPayload({ lines: Array.from({ length: 101 }, () => line) }),
    'quantity 0': withPayload({ lines: [{ ...line, quantity: 0 }] }),
    'quantity -1': withPayload({ lines: [{ ...line, quantity: -1 }] }),
    'a huge quantity': withPayload({ lines: [{ ...line, quantity: 2 ** 31 - 1 }] }),
    'a negative expected price': withPayload({ lines: [{ ...line, expectedUnitPrice: -1 }] }),
    'a sku of other letters': withPayload({ lines: [{ ...line, sku: 'naïve' }] }),
    'a sku that is SQL': withPayload({ lines: [{ ...line, sku: "'; DROP TABLE orders; -- " }] }),
    'a currency of four letters': withPayload({ currency: 'EURO' }),
    'an empty currency': withPayload({ currency: '' }),
    'metadata without end': withPayload({
      metadata: Array.from({ length: 2_000 }, (_, index) => ({ key: `k${index}`, value: 'v'.repeat(100) })),
    }),
    'metadata too long for its column': withPayload({ metadata: [{ key: 'k', value: 'v'.repeat(70_000) }] }),
    'no fingerprint': { ...place, fingerprint: null },
    'no customer': { ...place, customerId: null },
    'no key': { ...place, idempotencyKey: null },
    'an invalid order id': { ...place, orderId: '__proto__' },
    'no order id': { ...place, orderId: null },
    'an upper-case order id': { ...place, orderId: orderId.toUpperCase() },
    'a command id with a line break': { ...place, commandId: 'place:\n' },
    'an actor that is empty': { ...place, actor: '' },
  };
  return Object.entries(cases).map(([what, command]) => ({
    what,
    partition: partitionOfOrder(orderId),
    key: Buffer.from(orderId),
    value: codecs.commands.encode(command),
    headers: {},
  }));
}

/** Unusual keys, headers and partitions, with values that are invalid too. */
function oddOuters(codecs: Codecs): HostileRecord[] {
  const bad = Buffer.from('not a command');
  const elsewhere = randomUUID();
  return [
    record('null key', bad, { key: null }),
    record('empty key', bad, { key: Buffer.alloc(0) }),
    record('a key that is not text', bad, { key: Buffer.from('fffefd', 'hex') }),
    record('a key of 36 letters that is no id', bad, { key: Buffer.from('x'.repeat(36)) }),
    record('a key that no event can contain', bad, { key: Buffer.alloc(VALUE_BYTES_MAX - 200, 'k') }),
    record('a PLACE in another partition', codecs.commands.encode(placeCommand(elsewhere, ['SKU-1'])), {
      partition: (partitionOfOrder(elsewhere) + 1) % 12,
    }),
    record('a value of almost 1 MiB', Buffer.alloc(VALUE_BYTES_MAX - 1_000)),
    record('500 kB after a good frame', Buffer.concat([goodBytes(codecs), Buffer.alloc(500_000)])),
    record('a very long header', bad, { headers: { note: Buffer.alloc(900_000, 'h') } }),
    record('a thousand headers', bad, {
      headers: Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`h${n}`, Buffer.from(`${n}`)])),
    }),
    record('headers with the names of methods', bad, {
      headers: Object.fromEntries(
        ['toString', 'constructor', 'valueOf', 'hasOwnProperty'].map((name) => [name, Buffer.from('x')]),
      ),
    }),
    record('an empty header', bad, { headers: { empty: Buffer.alloc(0) } }),
    record('a header that is not text', bad, { headers: { raw: Buffer.from('fffefd00', 'hex') } }),
  ];
}

function decodes(codecs: Codecs, bytes: Buffer): boolean {
  try {
    codecs.commands.decode(bytes);
    return true;
  } catch {
    // The value is always invalid.
    return false;
  }
}

/** A small seeded generator (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
