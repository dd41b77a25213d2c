import Decoder from 'kafkajs/src/protocol/decoder.js';
import decodeBatch from 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
import { describe, expect, it } from 'vitest';
import { encodeBatch } from './record-batch.ts';
import { readHeadersOnce } from './record-headers.ts';

const headersMax = 60_000;
const decodeMsMax = 1_000;

async function headersOf(headers: Record<string, string>): Promise<Record<string, unknown>> {
  const message = { topic: 't', partition: 0, key: null, value: null, headers, timestampMs: 0 };
  const { records } = await decodeBatch(new Decoder(encodeBatch([message])));
  return records[0]!.headers;
}

describe('readHeadersOnce', () => {
  it('reads a record of many headers in linear time', async () => {
    readHeadersOnce();
    const many = Object.fromEntries(Array.from({ length: headersMax }, (_, n) => [`h${n}`, `${n}`]));
    const { user } = process.cpuUsage();
    const headers = await headersOf(many);
    const tookMs = (process.cpuUsage().user - user) / 1_000;
    expect(Object.keys(headers)).toHaveLength(headersMax);
    expect(String(headers[`h${headersMax - 1}`])).toBe(String(headersMax - 1));
    expect(tookMs).toBeLessThan(decodeMsMax);
  });

  it('accepts names of methods and of the prototype as header names', async () => {
    readHeadersOnce();
    const odd = JSON.parse('{"__proto__":"a","valueOf":"b","constructor":"c","reduce":"d"}') as Record<
      string,
      string
    >;
    const headers = await headersOf(odd);
    expect(Object.entries(headers).map(([name, value]) => [name, String(value)])).toEqual(
      Object.entries(odd),
    );
  });

  it('reads an empty list of headers', async () => {
    readHeadersOnce();
    expect(Object.keys(await headersOf({}))).toEqual([]);
  });
});
