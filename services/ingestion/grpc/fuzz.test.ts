/** Messages of any kind: no call is answered with INTERNAL. `FUZZ_RUNS` sets their number. */
import { create, type DescField, type DescMessage, ScalarType, toBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fakeTokens } from '../testing/fake-world.ts';
import { openFakeGrpc } from '../testing/grpc-client.ts';
import { Orders } from './generated/orderstream/v1/orders_pb.ts';

const runs = Number(process.env['FUZZ_RUNS'] ?? 150);
const timeoutMs = 60_000 + 20 * runs;

let world: Awaited<ReturnType<typeof openFakeGrpc>>;
beforeAll(async () => {
  world = await openFakeGrpc({ burstOrders: 10_000_000, ordersPerSecond: 10_000_000 });
});
afterAll(() => world.close());

const unaryNames = (Object.keys(Orders.method) as (keyof typeof Orders.method)[]).filter(
  (name) => name !== 'watchOrder',
);

/** Texts that programs often handle badly, some valid values, and any text. */
const text = fc.oneof(
  fc.constantFrom('', 'EUR', 'SKU-1', 'k1', 'DE', '\u0000', 'x'.repeat(70_000), '{}', 'a'.repeat(257), '"k"'),
  fc.string({ maxLength: 40 }),
  fc.uuid(),
);

function scalarOf(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.INT64:
      return fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(0n, 5_000n));
    case ScalarType.UINT32:
      return fc.oneof(fc.nat(2 ** 32 - 1), fc.nat(5));
    default:
      return fc.oneof(fc.integer(), fc.nat(200));
  }
}

function fieldOf(field: DescField): fc.Arbitrary<unknown> {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarOf(field.scalar);
    case 'enum':
      return fc.oneof(fc.nat(15), fc.integer());
    case 'message':
      return messageOf(field.message);
    case 'list': {
      const item = field.listKind === 'message' ? messageOf(field.message) : scalarOf(ScalarType.STRING);
      return fc.array(item, { maxLength: 4 });
    }
    default:
      return fc.dictionary(fc.string({ maxLength: 50 }), text, { maxKeys: 3 });
  }
}

/** Members of a message: each field may be absent. */
function messageOf(desc: DescMessage): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(desc.fields.map((field) => [field.localName, fieldOf(field)])), {
    requiredKeys: [],
  });
}

/** Well-formed messages, the same with changed bytes, and any bytes. */
function bytesOf(desc: DescMessage): fc.Arbitrary<Uint8Array> {
  const encoded = messageOf(desc).map((members) => toBinary(desc, create(desc, members as never)));
  const damaged = fc
    .tuple(encoded, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }))
    .map(([bytes, changes]) => {
      const copy = Uint8Array.from(bytes);
      for (const [at, byte] of changes) if (copy.length > 0) copy[at % copy.length] = byte;
      return copy;
    });
  return fc.oneof(encoded, encoded, damaged, fc.uint8Array({ maxLength: 200 }));
}

test(
  `${runs} messages of any kind, and no INTERNAL`,
  async () => {
    const codes = new Set<number>();
    const call = fc
      .constantFrom(...unaryNames)
      .chain((name) =>
        fc.tuple(
          fc.constant(name),
          bytesOf(Orders.method[name].input),
          fc.constantFrom(fakeTokens.c1, fakeTokens.ops),
        ),
      );
    await fc.assert(
      fc.asyncProperty(call, async ([name, bytes, token]) => {
        const { error } = await world.client.raw(name as never, bytes, { token, deadlineMs: 20_000 });
        codes.add(error?.code ?? status.OK);
        expect(error?.reason ?? '', `${name}: ${error?.message}`).not.toBe('INTERNAL');
        expect([status.INTERNAL, status.UNKNOWN]).not.toContain(error?.code);
      }),
      { numRuns: runs },
    );
    expect(codes).toContain(status.INVALID_ARGUMENT);
  },
  timeoutMs,
);
