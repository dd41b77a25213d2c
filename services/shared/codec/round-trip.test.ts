import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderCommand } from '../../../schemas/index.ts';
import { bundledCodecs } from './index.ts';
import { close, place } from './testing/values.ts';

const { commands } = bundledCodecs({ commandsId: 1, eventsId: 2 });

describe('round trips', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 90 }));
  const long = fc
    .oneof(
      fc.maxSafeInteger(),
      fc.constantFrom(0, -1, 2 ** 30, -(2 ** 30), 2 ** 30 - 1, -(2 ** 30) - 1, 2 ** 53 - 2, 2 - 2 ** 53),
    )
    .filter((value) => Math.abs(value) <= 2 ** 53 - 2);
  const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  const nullable = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });

  it('keep every command', () => {
    const payload = fc.record({
      currency: text,
      lines: fc.array(fc.record({ sku: text, quantity: int, expectedUnitPrice: nullable(long) })),
      couponCode: nullable(text),
      shippingAddress: fc.constant(null),
      contactEmail: nullable(text),
      metadata: fc.array(fc.record({ key: text, value: text })),
      expectedTotal: nullable(long),
      shippingMethod: nullable(text),
    });
    const fingerprint = nullable(fc.uint8Array({ minLength: 32, maxLength: 32 }).map(Buffer.from));
    fc.assert(
      fc.property(payload, fingerprint, long, nullable(text), (lines, print, issuedAt, orderId) => {
        const command: OrderCommand = { ...place, fingerprint: print, issuedAt, orderId, payload: lines };
        expect(commands.decode(commands.encode(command))).toEqual(command);
      }),
    );
  });

  it('keep every stock adjustment to the last unit', () => {
    fc.assert(
      fc.property(long, text, (delta, sku) => {
        const command: OrderCommand = {
          ...close,
          type: 'ADJUST_STOCK',
          payload: { sku, delta, reason: null, countedTo: null },
        };
        expect(commands.decode(commands.encode(command)).payload).toEqual({
          sku,
          delta,
          reason: null,
          countedTo: null,
        });
      }),
    );
  });
});
