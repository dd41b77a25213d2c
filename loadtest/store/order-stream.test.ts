import { describe, expect, test } from 'vitest';
import { commandProblem } from '../../services/domain/index.ts';
import { bundledCodecs, CHECKSUM_HEADER, verifyChecksum } from '../../services/shared/codec/index.ts';
import { PARTITIONS, partitionOfOrder } from '../../topics/partition.ts';
import { createOrderStream, hotSku, skuCount, skuName, templateCount } from './order-stream.ts';
import { createRecordSource } from './record-source.ts';

const stream = createOrderStream({ seed: 7, shape: 'uniform' });

test('the same index of the same stream gives the same order, with and without kept templates', () => {
  const again = createOrderStream({ seed: 7, shape: 'uniform', keepTemplates: true });
  for (const [partition, offset] of [
    [0, 0],
    [11, 41],
    [3, 250_000],
  ] as const) {
    expect(again.command(partition, offset)).toEqual(stream.command(partition, offset));
  }
  const other = createOrderStream({ seed: 8, shape: 'uniform' });
  expect(other.orderId(0, 0)).not.toBe(stream.orderId(0, 0));
});

test('ids are UUIDs of version 8, belong to their partition, and do not repeat', () => {
  const seen = new Set<string>();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let offset = 0; offset < 2_000; offset++) {
      const id = stream.orderId(partition, offset);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(partitionOfOrder(id)).toBe(partition);
      seen.add(id);
    }
  }
  expect(seen.size).toBe(PARTITIONS * 2_000);
});

describe('contents', () => {
  const lines = Array.from({ length: templateCount }, (_, index) => stream.template(index).payload.lines);

  test('have one to five lines of different SKUs, three on average', () => {
    const counts = lines.map((each) => each.length);
    expect(Math.min(...counts)).toBe(1);
    expect(Math.max(...counts)).toBe(5);
    expect(counts.reduce((sum, count) => sum + count, 0) / counts.length).toBeCloseTo(3, 1);
    for (const each of lines) expect(new Set(each.map(({ sku }) => sku)).size).toBe(each.length);
  });

  test('are spread evenly over the SKUs', () => {
    const perSku = new Map<string, number>();
    for (const { sku } of lines.flat()) perSku.set(sku, (perSku.get(sku) ?? 0) + 1);
    expect(perSku.size).toBeGreaterThan(skuCount * 0.99);
    // 60,000 lines over 10,000 SKUs are six lines per SKU, with a Poisson tail.
    expect(Math.max(...perSku.values())).toBeLessThan(25);
  });

  test('contain the hot SKU in every order of the hot shapes', () => {
    for (const shape of ['hot', 'soldOut'] as const) {
      const { payload } = createOrderStream({ seed: 7, shape }).template(5);
      expect(payload.lines.filter(({ sku }) => sku === skuName(hotSku))).toHaveLength(1);
    }
  });
});

test('records decode to the commands of the stream, and their checksums match', () => {
  const { commands } = bundledCodecs({ commandsId: 1, eventsId: 2 });
  const source = createRecordSource(stream, commands, 'topic');
  for (const offset of [0, 1, 999]) {
    const record = source.record(4, offset);
    verifyChecksum(record.value, record.headers[CHECKSUM_HEADER]);
    const command = commands.decode(record.value);
    expect(command).toEqual(stream.command(4, offset));
    expect(commandProblem(command)).toBeNull();
    expect(record.key!.toString()).toBe(command.orderId);
  }
});
