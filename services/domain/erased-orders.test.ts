/** Commands whose personal fields are still sealed, because their key is erased. */
import { expect, test } from 'vitest';
import type { OrderCommand } from '../../schemas/index.ts';
import { cancel, cutLog, place, toLog } from './testing/commands.ts';
import { run } from './testing/tables.ts';

const stock = new Map([['A', 10]]);
const order = (number: number, fingerprint = 0) =>
  place({ order: number, lines: [{ sku: 'A', quantity: 4, expectedUnitPrice: null }], fingerprint });
const erased = (command: OrderCommand): OrderCommand => ({
  ...command,
  sealed: { keyId: 'erased', ciphertext: Buffer.from('x') },
});

/** Decides all commands in one batch, and then each in its own batch. The results are the same. */
function decided(...commands: OrderCommand[]) {
  const [together, apart] = [commands.length, 1].map((size) =>
    run(cutLog(toLog(commands), [size]), stock, 'fresh').events.map(
      ({ outcome, reason }) => reason?.code ?? outcome,
    ),
  );
  expect(apart).toEqual(together);
  return together;
}

test('an order whose address nobody can read is rejected, and takes no stock', () => {
  expect(decided(erased(order(0)), order(1), order(2))).toEqual([
    'PERSONAL_DATA_ERASED',
    'ACCEPTED',
    'ACCEPTED',
  ]);
});

test('a command that was decided before the erasure is a repeat, or a conflict of keys, as before', () => {
  expect(decided(order(0), erased(order(0)), erased(order(0, 1)))).toEqual([
    'ACCEPTED',
    'DUPLICATE',
    'KEY_CONFLICT',
  ]);
});

test('a rejected order stays rejected when its command comes again', () => {
  expect(decided(erased(order(0)), erased(order(0)), order(0))).toEqual([
    'PERSONAL_DATA_ERASED',
    'DUPLICATE',
    'DUPLICATE',
  ]);
});

test('a cancel takes effect without its reason', () => {
  expect(decided(order(0), erased(cancel({ order: 0 })))).toEqual(['ACCEPTED', 'APPLIED']);
});
