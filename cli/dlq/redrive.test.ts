import { describe, expect, it } from 'vitest';
import { appError } from '../../services/shared/errors/index.ts';
import type { OutMessage } from '../../services/shared/kafka/index.ts';
import { deadLetterAt, judged, recordOf } from './fixtures.ts';
import type { Judged } from './plan.ts';
import { redrive } from './redrive.ts';
import type { AuditLine } from './tries.ts';

const deadLetters = [deadLetterAt(0, 1), deadLetterAt(0, 2), deadLetterAt(0, 3)] as const;
const planned: Judged[] = [
  judged(deadLetters[0], 'a'),
  judged(deadLetters[1], 'b'),
  judged(deadLetters[2], 'a'),
];

/** Runs `planned` against a log with prepared refusals. Only `sleep` moves the clock. */
async function run(refuse: (message: OutMessage) => Error | null = () => null, rate = 10) {
  const told: string[] = [];
  const sent: OutMessage[] = [];
  const lines: AuditLine[] = [];
  let nowMs = 50_000;
  const result = await redrive(
    {
      async send(message) {
        const refusal = refuse(message);
        if (refusal !== null) throw refusal;
        told.push(`sent ${String((message.headers as Record<string, unknown>)['redrive_of'])} at ${nowMs}`);
        sent.push(message);
        return { partition: message.partition, offset: 77n };
      },
      async note(deadLetter, line) {
        told.push(`${line.action} ${deadLetter.position}`);
        lines.push(line);
      },
      bytesOf: (deadLetter) => recordOf(deadLetter),
      nowMs: () => nowMs,
      async sleep(ms) {
        nowMs += ms;
      },
    },
    planned,
    { rate, actor: 'alice', note: 'schema 7 is registered' },
  );
  return { result, told, sent, lines };
}

const refusing = (position: string, error: Error) => (message: OutMessage) =>
  (message.headers as Record<string, unknown>)['redrive_of'] === position ? error : null;

describe('redrive', () => {
  it('marks each dead letter after its acknowledgement, and keeps the rate', async () => {
    const { told, result, lines } = await run();
    expect(told).toEqual([
      'sent 0-1 at 50000',
      'REDRIVEN 0-1',
      'sent 0-2 at 50100',
      'REDRIVEN 0-2',
      'sent 0-3 at 50200',
      'REDRIVEN 0-3',
    ]);
    expect(result).toMatchObject({ failed: [], stoppedBy: null });
    expect(lines[0]).toEqual({
      action: 'REDRIVEN',
      actor: 'alice',
      detail: 'sent to 0-77 as attempt 2',
      note: 'schema 7 is registered',
      atMs: 50_000,
    });
  });

  it('sends key, value and headers unchanged, plus the headers with which the worker counts attempts', async () => {
    const [message] = (await run()).sent;
    expect(message).toEqual({
      topic: 'orders.commands.v1',
      partition: 0,
      key: Buffer.from('key'),
      value: Buffer.from('value'),
      headers: { from: 'afar', dlq_attempts: '1', dlq_first_failed_at: '2000', redrive_of: '0-1' },
      timestampMs: 50_000,
    });
  });

  it('stops only the key of a record that Kafka refuses', async () => {
    const { result, told } = await run(refusing('0-1', appError('RECORD_REFUSED', { reason: 'too large' })));
    expect(told).toEqual(['FAILED 0-1', 'sent 0-2 at 50100', 'REDRIVEN 0-2']);
    expect(result.failed.map(({ deadLetter, code }) => `${deadLetter.position} ${code}`)).toEqual([
      '0-1 RECORD_REFUSED',
      '0-3 BEHIND',
    ]);
  });

  it('stops completely if Kafka does not respond', async () => {
    const { result, told } = await run(refusing('0-2', appError('NOT_PRODUCED', { reason: 'no leader' })));
    expect(told).toEqual(['sent 0-1 at 50000', 'REDRIVEN 0-1', 'FAILED 0-2']);
    expect(result.stoppedBy?.message).toContain('no leader');
    expect(result.sent).toHaveLength(1);
  });
});
