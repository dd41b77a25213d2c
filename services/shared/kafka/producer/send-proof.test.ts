import { afterEach, describe, expect, it } from 'vitest';
import { appError } from '../../errors/index.ts';
import { createLogger } from '../../log/index.ts';
import { noMetrics } from '../../metrics/index.ts';
import { createFakeLeaders } from '../testing/fake-leaders.ts';
import type { OutMessage } from '../types.ts';
import { type Accumulator, createAccumulatorOver } from './accumulator.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 't' });
const open: Accumulator[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close(0)));
});

function start(faults: Parameters<typeof createFakeLeaders>[0]['faults'] = []) {
  const leaders = createFakeLeaders({ nodes: 1, partitions: 1, faults });
  const accumulator = createAccumulatorOver(leaders, {
    log,
    metrics: noMetrics,
    requestRecordsMax: 2,
    retryMaxMs: 4,
  });
  open.push(accumulator);
  return { leaders, accumulator };
}

function batch(...values: string[]): OutMessage[] {
  return values.map((value) => ({
    topic: 't',
    partition: 0,
    key: null,
    value: Buffer.from(value),
    headers: {},
    timestampMs: 1,
  }));
}

describe('a batch with a proof', () => {
  it('is sent without renewal while the proof is valid, and reports its last offset', async () => {
    const { leaders, accumulator } = start();
    let last = -1n;
    const proof = { untilMs: Number.POSITIVE_INFINITY, renew: () => Promise.reject(appError('ABORTED')) };
    await accumulator.sendBatch(batch('a', 'b', 'c'), {
      forever: true,
      proof,
      onWritten: (offset) => (last = offset),
    });
    expect(leaders.valueAt(0, last)).toBe('c');
  });

  it('renews an expired proof before it sends a record', async () => {
    const { leaders, accumulator } = start();
    const asked = Promise.withResolvers<number>();
    const proof = { untilMs: 0, renew: () => asked.promise };
    const sent = accumulator.sendBatch(batch('a'), { forever: true, proof });
    await accumulator.sendBatch([{ ...batch('x')[0]!, topic: 'u' }], { forever: true });
    expect(accumulator.queuedRecords()).toBe(1);
    asked.resolve(Number.POSITIVE_INFINITY);
    expect(leaders.valueAt(0, await sent)).toBe('a');
  });

  it('fails with the error of a failed renewal, and does not block later batches', async () => {
    const { leaders, accumulator } = start();
    const proof = { untilMs: 0, renew: () => Promise.reject(appError('ABORTED')) };
    const withheld = accumulator.sendBatch(batch('withheld'), { forever: true, proof });
    const next = accumulator.sendBatch(batch('next'), { forever: true });
    await expect(withheld).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await next).toBe(0n);
    expect(leaders.valueAt(0, 0n)).toBe('next');
  });
});
