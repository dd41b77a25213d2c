import { expect, test } from 'vitest';
import { commandProblem } from '../../../services/domain/index.ts';
import { bundledCodecs } from '../../../services/shared/codec/index.ts';
import { partitionOfOrder } from '../../../topics/partition.ts';
import { createOrderStream } from '../order-stream.ts';
import { createCommandSource, plannedCommand } from './command-source.ts';

const loaded = 9_500;

test('four commands pay two orders, cancel an unpaid one, and cancel one that was paid 2,000 commands before', () => {
  const group = [8_000, 8_001, 8_002, 8_003].map((index) => plannedCommand(index, loaded));
  expect(group).toEqual([
    { type: 'CONFIRM_PAYMENT', orderOffset: 6_000 },
    { type: 'CONFIRM_PAYMENT', orderOffset: 6_001 },
    { type: 'CANCEL', orderOffset: 6_002 },
    { type: 'CANCEL', orderOffset: 4_501 },
  ]);
  expect(plannedCommand(6_001, loaded)).toEqual({ type: 'CONFIRM_PAYMENT', orderOffset: 4_501 });
});

test('no order is paid twice or cancelled twice, and a run that uses up its orders fails', () => {
  const commands = Array.from({ length: 12_000 }, (_, index) => plannedCommand(index, loaded));
  for (const type of ['CONFIRM_PAYMENT', 'CANCEL'] as const) {
    const offsets = commands.filter((command) => command.type === type).map(({ orderOffset }) => orderOffset);
    expect(offsets).toHaveLength(6_000);
    expect(new Set(offsets).size).toBe(6_000);
    expect(Math.max(...offsets)).toBeLessThan(loaded);
  }
  expect(() => plannedCommand(12_000, loaded)).toThrow('used up its 9500 orders');
});

test('the records are valid commands for their orders', () => {
  const stream = createOrderStream({ seed: 7, shape: 'uniform' });
  const { commands: codec } = bundledCodecs({ commandsId: 1, eventsId: 2 });
  const source = createCommandSource(stream, codec, 'topic', Array(12).fill(loaded));
  for (const offset of [loaded, loaded + 2, loaded + 8_003]) {
    const record = source.record(4, offset);
    const command = codec.decode(record.value);
    const { orderOffset } = plannedCommand(offset - loaded, loaded);
    expect(commandProblem(command)).toBeNull();
    expect(command.orderId).toBe(stream.orderId(4, orderOffset));
    expect(partitionOfOrder(command.orderId!)).toBe(4);
    expect(record.key!.toString()).toBe(command.orderId);
  }
});
