import { describe, expect, test } from 'vitest';
import type { OrderChange } from './change.ts';
import { appliedText, refusedText } from './format.ts';
import type { ChangeOutcome } from './outcome.ts';

const outcome = (change: Partial<ChangeOutcome> = {}): ChangeOutcome => ({
  ...{ outcome: 'APPLIED', isRepeat: false, status: 'PAID', version: 3, reason: null },
  ...{ shipment: null, returned: null, refund: null },
  ...change,
});
const refund = { refundId: 'r-1', amount: 1_250, currency: 'EUR' };
const text = (type: OrderChange['type'], change: Partial<ChangeOutcome>): string =>
  appliedText(type, outcome(change)).replaceAll('\u00a0', ' ');

describe('an applied change', () => {
  test.each<[OrderChange['type'], Partial<ChangeOutcome>, string]>([
    [
      'SHIP',
      {
        shipment: {
          shipment: 2,
          lines: [
            { line: 1, quantity: 2 },
            { line: 3, quantity: 1 },
          ],
        },
      },
      'shipped as parcel 2: 2 of line 1, 1 of line 3; the order is PAID (version 3)',
    ],
    ['DELIVER', { status: 'DELIVERED' }, 'the delivery is recorded; the order is DELIVERED (version 3)'],
    [
      'RETURN',
      { refund, returned: { return: 1, lines: [{ line: 1, quantity: 2, restock: 1 }] } },
      'return 1: 2 of line 1 (1 restocked); refund r-1 of EUR 12.50 is requested; the order is PAID (version 3)',
    ],
    [
      'RETURN',
      { returned: { return: 1, lines: [{ line: 1, quantity: 2, restock: 0 }] } },
      'return 1: 2 of line 1 (0 restocked); no refund is requested; the order is PAID (version 3)',
    ],
    ['REQUEST_REFUND', { refund }, 'refund r-1 of EUR 12.50 is requested; the order is PAID (version 3)'],
  ])('%s says what happened and where the order is', (type, change, expected) => {
    expect(text(type, change)).toBe(expected);
  });

  test('says that it was applied before', () => {
    expect(text('DELIVER', { isRepeat: true })).toMatch(
      /^done before with this key: the delivery is recorded/,
    );
  });
});

describe('a change without effect', () => {
  const reason = { code: 'ORDER_UNKNOWN', message: 'The order does not exist.' };
  test.each<[OrderChange['type'], string]>([
    ['SHIP', 'nothing was shipped (ORDER_UNKNOWN): The order does not exist.'],
    ['DELIVER', 'no delivery was recorded (ORDER_UNKNOWN): The order does not exist.'],
    ['RETURN', 'no return was recorded (ORDER_UNKNOWN): The order does not exist.'],
    ['REQUEST_REFUND', 'no refund was requested (ORDER_UNKNOWN): The order does not exist.'],
  ])('%s gives the reason', (type, expected) => {
    expect(refusedText(type, outcome({ outcome: 'REFUSED', reason }))).toBe(expected);
  });

  test('says that it was refused before; a conflict of keys is new', () => {
    expect(refusedText('SHIP', outcome({ outcome: 'REFUSED', reason, isRepeat: true }))).toMatch(
      /^refused before with this key: nothing was shipped/,
    );
    const conflict = outcome({ outcome: 'KEY_CONFLICT', isRepeat: true });
    expect(refusedText('SHIP', conflict)).toBe('nothing was shipped (KEY_CONFLICT): no reason is stored');
  });
});
