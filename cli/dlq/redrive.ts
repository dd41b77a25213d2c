/**
 * Sends dead letters back to the command topic, one after the other. It marks a dead letter after Kafka has
 * acknowledged its copy. If a run stops in between, the next run sends the dead letter again. The command id makes
 * the repeat harmless.
 */
import type { OutMessage } from '../../services/shared/kafka/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import type { LogRecord } from '../kafka/log-reader.ts';
import { plainHeaders } from './bytes.ts';
import type { DeadLetter } from './dead-letters.ts';
import type { HeldBack, Judged } from './plan.ts';
import type { AuditLine } from './tries.ts';

export interface RedriveDeps {
  /** Resolves once all in-sync replicas have the record. */
  send(message: OutMessage): Promise<{ partition: number; offset: bigint }>;
  note(deadLetter: DeadLetter, line: AuditLine): Promise<void>;
  bytesOf(deadLetter: DeadLetter): LogRecord;
  nowMs(): number;
  sleep(ms: number): Promise<void>;
  onSent?(sent: number): void;
}

export interface RedriveOptions {
  /** Maximum dead letters per second. */
  rate: number;
  /** The operator, for the audit log. */
  actor: string;
  /** The reason, for the audit log. */
  note?: string | undefined;
}

export interface RedriveResult {
  sent: { deadLetter: DeadLetter; partition: number; offset: string }[];
  failed: HeldBack[];
  /** Set if Kafka was unavailable. Dead letters in neither list were then not tried. */
  stoppedBy: Error | null;
}

/** Sends the plan in order. If Kafka refuses a dead letter, later dead letters of its key are not sent. */
export async function redrive(
  deps: RedriveDeps,
  planned: readonly Judged[],
  { rate, actor, note }: RedriveOptions,
): Promise<RedriveResult> {
  const result: RedriveResult = { sent: [], failed: [], stoppedBy: null };
  const stoppedAt = new Map<string, string>();
  const startedMs = deps.nowMs();
  let tried = 0;
  for (const each of planned) {
    const { deadLetter, judgement } = each;
    const stopper = stoppedAt.get(judgement.key);
    if (stopper !== undefined) {
      const why = `${stopper} of the same key could not be sent`;
      result.failed.push({ ...each, code: 'BEHIND', why });
      continue;
    }
    await deps.sleep(Math.max(0, startedMs + (tried * 1_000) / rate - deps.nowMs()));
    tried += 1;
    const outcome = await trySend(deps, each, { actor, note });
    if ('offset' in outcome) {
      result.sent.push({ deadLetter, ...outcome });
      deps.onSent?.(result.sent.length);
      continue;
    }
    if (codeOf(outcome.error) !== 'RECORD_REFUSED') {
      result.stoppedBy = outcome.error;
      return result;
    }
    stoppedAt.set(judgement.key, deadLetter.position);
    result.failed.push({ ...each, code: 'RECORD_REFUSED', why: outcome.error.message });
  }
  return result;
}

async function trySend(
  { send, note: record, bytesOf, nowMs }: RedriveDeps,
  { deadLetter, judgement }: Judged,
  by: Pick<AuditLine, 'actor' | 'note'>,
): Promise<{ partition: number; offset: string } | { error: Error }> {
  const message = toCommand(deadLetter, bytesOf(deadLetter), judgement.partition, nowMs());
  let place: { partition: number; offset: bigint };
  try {
    place = await send(message);
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    await record(deadLetter, { ...by, action: 'FAILED', detail: failure.message, atMs: nowMs() });
    return { error: failure };
  }
  const { partition, offset } = place;
  const detail = `sent to ${partition}-${offset} as attempt ${deadLetter.attempts + 1}`;
  await record(deadLetter, { ...by, action: 'REDRIVEN', detail, atMs: nowMs() });
  return { partition, offset: String(offset) };
}

/** The source record unchanged, plus the headers with which the worker counts attempts. */
function toCommand(deadLetter: DeadLetter, record: LogRecord, partition: number, nowMs: number): OutMessage {
  const headers: Record<string, Buffer | string> = {};
  for (const [name, value] of Object.entries(plainHeaders(record))) {
    if (!name.startsWith('dlq_') && name !== '__proto__') headers[name] = value;
  }
  return {
    topic: COMMANDS,
    partition,
    key: record.key,
    value: record.value,
    headers: {
      ...headers,
      dlq_attempts: String(deadLetter.attempts),
      dlq_first_failed_at: String(deadLetter.firstFailedAtMs),
      redrive_of: deadLetter.position,
    },
    timestampMs: nowMs,
  };
}

function codeOf(error: Error): unknown {
  return (error as { code?: unknown }).code;
}
