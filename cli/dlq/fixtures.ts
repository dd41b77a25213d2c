/** Dead letters for the tests of this folder. */
import type { LogRecord } from '../kafka/log-reader.ts';
import type { Letter } from './letters.ts';
import type { Judged } from './plan.ts';

export function letterAt(partition: number, offset: number, change: Partial<Letter> = {}): Letter {
  return {
    position: `${partition}-${offset}`,
    partition,
    offset,
    orderId: null,
    schemaId: null,
    reason: 'BAD_MAGIC',
    message: 'no frame',
    attempts: 1,
    valueSha256: '00'.repeat(32),
    valueBytes: 5,
    sourceAtMs: 1_000,
    firstFailedAtMs: 2_000,
    status: 'OPEN',
    redrivenAtMs: null,
    audit: [],
    ...change,
  };
}

export function judged(letter: Letter, key: string, change: Partial<Judged['judgement']> = {}): Judged {
  return {
    letter,
    judgement: { verdict: 'pass', code: '', why: '', partition: letter.partition, key, ...change },
  };
}

export function recordOf(letter: Letter, change: Partial<LogRecord> = {}): LogRecord {
  return {
    topic: 'orders.commands.v1.dlq',
    partition: letter.partition,
    offset: 0,
    timestampMs: 3_000,
    key: Buffer.from('key'),
    value: Buffer.from('value'),
    headers: {
      from: 'afar',
      dlq_reason: letter.reason,
      dlq_attempts: '1',
      dlq_offset: String(letter.offset),
    },
    ...change,
  };
}
