import { expect, test } from 'vitest';
import { commandProblem } from '../../../services/domain/index.ts';
import { bundledCodecs } from '../../../services/shared/codec/index.ts';
import { createOrderStream } from '../order-stream.ts';
import { createLifeSource, lifeStep } from './life-source.ts';

const from = 40;
const group = (first: number) => [0, 1, 2, 3].map((turn) => lifeStep(from + first + turn, from));

test('the first groups place orders; later ones place, pay, ship and deliver, each 1,024 commands after the step before', () => {
  expect(group(0)).toEqual([0, 1, 2, 3].map((turn) => ({ type: 'PLACE', orderOffset: from + turn })));
  expect(group(3 * 1_024)).toEqual([
    { type: 'PLACE', orderOffset: from + 3_072 },
    { type: 'CONFIRM_PAYMENT', orderOffset: from + 2_048 },
    { type: 'SHIP', orderOffset: from + 1_024 },
    { type: 'DELIVER', orderOffset: from },
  ]);
});

test('each step of an order comes once, and after the step before', () => {
  const last = new Map<number, string>();
  const before = { PLACE: undefined, CONFIRM_PAYMENT: 'PLACE', SHIP: 'CONFIRM_PAYMENT', DELIVER: 'SHIP' };
  for (let offset = from; offset < from + 20_000; offset++) {
    const { type, orderOffset } = lifeStep(offset, from);
    expect(last.get(orderOffset)).toBe(before[type]);
    last.set(orderOffset, type);
  }
  expect([...last.values()].filter((type) => type === 'DELIVER')).toHaveLength((20_000 - 3_072) / 4);
});

test('the records are valid commands for their orders', () => {
  const stream = createOrderStream({ seed: 7, shape: 'uniform' });
  const { commands: codec } = bundledCodecs({ commandsId: 1, eventsId: 2 });
  const source = createLifeSource(stream, codec, 'topic', Array(12).fill(from));
  for (const turn of [0, 1, 2, 3]) {
    const offset = from + 8_000 + turn;
    const command = codec.decode(source.record(4, offset).value);
    const { type, orderOffset } = lifeStep(offset, from);
    expect(commandProblem(command)).toBeNull();
    expect([command.type, command.orderId]).toEqual([type, stream.orderId(4, orderOffset)]);
  }
});
