/** Dead letters for the tests of this folder. */
import type { LogRecord } from '../kafka/log-reader.ts';
import type { DeadLetter } from './dead-letters.ts';
import type { Judged } from './plan.ts';

export function deadLetterAt(
  partition: number,
  offset: number,
  change: Partial<DeadLetter> = {},
): DeadLetter {
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

export function judged(
  deadLetter: DeadLetter,
  key: string,
  change: Partial<Judged['judgement']> = {},
): Judged {
  return {
    deadLetter,
    judgement: { verdict: 'pass', code: '', why: '', partition: deadLetter.partition, key, ...change },
  };
}

export function recordOf(deadLetter: DeadLetter, change: Partial<LogRecord> = {}): LogRecord {
  return {
    topic: 'orders.commands.v1.dlq',
    partition: deadLetter.partition,
    offset: 0,
    timestampMs: 3_000,
    key: Buffer.from('key'),
    value: Buffer.from('value'),
    headers: {
      from: 'afar',
      dlq_reason: deadLetter.reason,
      dlq_attempts: '1',
      dlq_offset: String(deadLetter.offset),
    },
    ...change,
  };
}
