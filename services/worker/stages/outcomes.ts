/** Encodes decisions as messages: the events, and the dead letters with the bytes of their records. */
import { createHash } from 'node:crypto';
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS } from '../../../topics/catalogue.ts';
import type { Decision } from '../../domain/index.ts';
import { encodeMessages } from '../../orders-db/index.ts';
import { CHECKSUM_HEADER, type Codec } from '../../shared/codec/index.ts';
import {
  type EncodedHeaders,
  encodeHeaders,
  firstHeaders,
  headerOf,
  type InRecord,
  type OutMessage,
} from '../../shared/kafka/index.ts';
import { isSampled, TRACEPARENT_HEADER } from '../../shared/trace/index.ts';
import type { NewDeadLetterRow } from '../store/dead-letters.ts';
import type { DecodedPart } from './decode.ts';
import type { DeadLetter } from './read-record.ts';

/** A longer key is neither an order id nor a SKU. The event omits such a key. The dead letter keeps it. */
const foreignKeyBytesMax = 1_024;
const schemaIdMax = 2 ** 31 - 1;
/** The most attempts that a redriven record can have. A larger number in the header is ignored. */
const attemptsMax = 1_000_000;
/** Maximum number of source headers in a dead letter. Each header costs time, and a record of 1 MB may have 175,000. */
const headersMax = 1_000;
/** A dead letter keeps these headers at any position, because a redrive needs them. */
const keptHeaders = [CHECKSUM_HEADER, 'redrive_of'];

/** The outcomes of the part of one lane. The object holds no decoded records, so that their memory is free. */
export interface PartOutcomes
  extends Pick<DecodedPart, 'lane' | 'epoch' | 'from' | 'to' | 'ackedRows' | 'isOnProbation' | 'record'> {
  /** All messages to publish, encoded by `encodeMessages`: first the dead letters, then one event per record. */
  readonly blob: Buffer;
  readonly deadLetters: readonly NewDeadLetterRow[];
  /** One for each event, in the order of the events. */
  readonly timings: readonly OutcomeTiming[];
}

export interface OutcomeTiming {
  /** The timestamp of the command, in epoch ms. */
  readonly askedAtMs: number;
  /** Null for a record that cannot be read. */
  readonly command: string | null;
  readonly outcome: string;
}

/** Encodes the messages of each part, in offset order. */
export function encodeOutcomes(
  codec: Codec<OrderEvent>,
  parts: readonly DecodedPart[],
  decision: Decision,
  nowMs: number,
): PartOutcomes[] {
  const common = encodeHeaders({
    ce_specversion: '1.0',
    ce_source: `/orderstream/${COMMANDS}`,
    ce_time: new Date(nowMs).toISOString(),
    'content-type': 'application/avro',
  });
  let at = 0;
  return parts.map((part) => {
    const { records, deadLetters: letters } = part;
    const deadLetters = letters.map((letter) => deadLetterRow(letter, nowMs));
    const messages = letters.map((letter, index) => deadLetterMessage(letter, deadLetters[index]!, nowMs));
    const timings: OutcomeTiming[] = [];
    for (const record of records) {
      const event = decision.events[at++]!;
      messages.push(eventMessage(codec, common, event, record, nowMs));
      timings.push({ askedAtMs: record.timestampMs, command: event.commandType, outcome: event.outcome });
    }
    const { lane, epoch, from, to, ackedRows, isOnProbation, record } = part;
    const blob = encodeMessages(messages);
    return { lane, epoch, from, to, ackedRows, isOnProbation, record, blob, deadLetters, timings };
  });
}

function eventMessage(
  codec: Codec<OrderEvent>,
  common: EncodedHeaders,
  event: OrderEvent,
  record: InRecord,
  nowMs: number,
): OutMessage {
  const ids = { ce_id: event.eventId, ce_type: event.type };
  const traceparent = traceparentFor(event, record);
  return {
    topic: EVENTS,
    partition: record.partition,
    key: eventKey(event, record),
    value: codec.encode(event),
    headers: { ...common, more: traceparent === null ? ids : { ...ids, [TRACEPARENT_HEADER]: traceparent } },
    timestampMs: nowMs,
  };
}

/**
 * The `traceparent` header of the command, if it is the one in the command. It comes from the log only. So an outcome
 * has the same bytes whoever decides it, with or without traces.
 */
function traceparentFor({ traceparent }: OrderEvent, record: InRecord): string | null {
  if (!isSampled(traceparent)) return null;
  return headerOf(record, TRACEPARENT_HEADER)?.toString() === traceparent ? traceparent : null;
}

/** The order id, even if the command has another key. Readers and compaction use this key. */
function eventKey({ orderId }: OrderEvent, { key }: InRecord): Buffer | null {
  if (orderId !== null) return Buffer.from(orderId, 'latin1');
  return key !== null && key.length > foreignKeyBytesMax ? null : key;
}

/** The row of a dead letter. `nowMs` is the time of its outcome, in epoch ms. */
export function deadLetterRow(
  { record, code, message, schemaId, orderId }: DeadLetter,
  nowMs: number,
): NewDeadLetterRow {
  const value = record.value ?? Buffer.alloc(0);
  return {
    partition: record.partition,
    offset: Number(record.offset),
    orderId,
    // The column is signed. A larger id is only in the header of the dead letter.
    schemaId: schemaId !== null && schemaId > schemaIdMax ? null : schemaId,
    code,
    message,
    attempts: numberHeader(record, 'dlq_attempts', 0, attemptsMax) + 1,
    valueSha256: createHash('sha256').update(value).digest(),
    valueBytes: value.length,
    sourceAtMs: record.timestampMs,
    firstFailedAtMs: numberHeader(record, 'dlq_first_failed_at', nowMs, nowMs),
  };
}

/**
 * The message with the key, the value and at most `headersMax` headers of the record. More headers hold the details
 * of the failure.
 */
function deadLetterMessage(
  { record, schemaId }: DeadLetter,
  row: NewDeadLetterRow,
  nowMs: number,
): OutMessage {
  const { headers, omitted } = sourceHeaders(record);
  return {
    topic: DEAD_LETTERS,
    partition: record.partition,
    key: record.key,
    value: record.value,
    headers: {
      ...encodeHeaders(headers),
      more: {
        dlq_topic: COMMANDS,
        dlq_partition: String(row.partition),
        dlq_offset: String(row.offset),
        dlq_timestamp: String(row.sourceAtMs),
        dlq_schema_id: schemaId === null ? '' : String(schemaId),
        dlq_reason: row.code,
        dlq_message: row.message,
        dlq_attempts: String(row.attempts),
        dlq_first_failed_at: String(row.firstFailedAtMs),
        ...(omitted === 0 ? {} : { dlq_headers_omitted: String(omitted) }),
      },
    },
    // The time of the source record would be wrong here: retention would delete an old record at once.
    timestampMs: nowMs,
  };
}

function sourceHeaders(record: InRecord): { headers: Record<string, string | Buffer>; omitted: number } {
  const { headers: first, omitted } = firstHeaders(record, headersMax);
  if (omitted > 0) for (const name of keptHeaders) first[name] = headerOf(record, name);
  // Clients choose the names. Without a prototype, `__proto__` is an ordinary name.
  const headers: Record<string, string | Buffer> = Object.create(null);
  for (const name in first) {
    const value = first[name];
    if (value !== undefined && !name.startsWith('dlq_')) headers[name] = value;
  }
  return { headers, omitted };
}

function numberHeader(record: InRecord, name: string, fallback: number, max: number): number {
  const value = headerOf(record, name);
  const number = value === undefined ? Number.NaN : Number(value.toString());
  return Number.isSafeInteger(number) && number >= 0 && number <= max ? number : fallback;
}
