/**
 * Any producer of a topic can send any records. The work to read them must grow at most linearly with their
 * bytes.
 */
import { describe, expect, test } from 'vitest';
import { isLinear, measureGrowth, type Prepare } from '../../../tests/support/processor-time.ts';
import { firstHeaders, headerOf } from './fetched-record.ts';
import { encodeBatch } from './protocol/record-batch.ts';
import { readRecordSet } from './protocol/record-reader.ts';

const fetchedBytesMax = 1024 * 1024;

async function expectLinear(prepare: Prepare): Promise<void> {
  const growth = await measureGrowth(prepare, fetchedBytesMax);
  expect(isLinear(growth), JSON.stringify(growth)).toBe(true);
}

const record = (headers: Record<string, string> = {}) => ({
  key: null,
  value: Buffer.from('v'),
  headers,
  timestampMs: 1_000,
});
const headersOf = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`h${n}`, 'v']));

describe('a fetched set', () => {
  test.each<[string, (size: number) => Buffer]>([
    ['one record of many headers', (size) => encodeBatch([record(headersOf(size / 10))])],
    ['many records', (size) => encodeBatch(Array.from({ length: Math.floor(size / 10) }, () => record()))],
    [
      'many batches of one record',
      (size) => {
        const batch = encodeBatch([record()]);
        return Buffer.concat(Array.from({ length: Math.floor(size / batch.length) }, () => batch));
      },
    ],
    [
      'a batch that claims more records than it has',
      (size) => {
        const batch = encodeBatch(Array.from({ length: Math.floor(size / 10) }, () => record()));
        batch.writeInt32BE(0x7fffffff, 57);
        return batch;
      },
    ],
  ])('of %s', async (_name, shape) => {
    await expectLinear((size) => {
      const bytes = shape(size);
      return () => {
        try {
          const { records } = readRecordSet(bytes, 't', 0, 0n, []);
          return records.map((record) => [headerOf(record, 'h1'), firstHeaders(record, 10_000)]);
        } catch (error) {
          return error;
        }
      };
    });
  });
});
