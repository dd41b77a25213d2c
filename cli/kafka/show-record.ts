/**
 * Shows any record in a readable form: as an event, command or state, or otherwise as JSON, text or hex. Its
 * contents never cause an error.
 */
import { schemaIdOf } from '../../services/shared/codec/index.ts';
import type { Decoder } from './decoder.ts';
import type { LogRecord } from './log-reader.ts';

export interface ShownRecord {
  topic: string;
  partition: number;
  offset: number;
  time: string;
  key: string | null;
  headers: Record<string, string>;
  /** The form in which `value` was read. */
  format: 'event' | 'command' | 'state' | 'json' | 'text' | 'hex' | 'none';
  schemaId?: number;
  /** The reason why a record that looks like one of these cannot be decoded. */
  problem?: string;
  value: unknown;
}

const HEX_BYTES_MAX = 2048;
const WIRE_FORMAT_BYTE = 0;

/** The record as a plain object that prints as JSON. */
export async function showRecord(record: LogRecord, decoder: Decoder): Promise<ShownRecord> {
  const head = {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    time: timeText(record.timestampMs),
    key: record.key === null ? null : printable(record.key),
    headers: Object.fromEntries(
      Object.entries(record.headers).map(([name, value]) => [name, headerText(value)]),
    ),
  };
  const { value } = record;
  if (value === null) return { ...head, format: 'none', value: null };
  if (value[0] !== WIRE_FORMAT_BYTE) return { ...head, ...withoutSchema(value) };

  const schemaId = schemaIdOf(value) ?? undefined;
  const event = await decoder.event(record);
  if (event.kind === 'value') return { ...head, format: 'event', schemaId, value: event.value };
  const command = await decoder.command(record);
  if (command.kind === 'value') return { ...head, format: 'command', schemaId, value: command.value };
  const state = await decoder.state?.(record);
  if (state?.kind === 'value') return { ...head, format: 'state', schemaId, value: state.value };
  const problem = command.code === 'WRONG_SUBJECT' ? event.message : command.message;
  return { ...head, format: 'hex', schemaId, problem, value: hex(value) };
}

/** The timestamp of a record may be any 64-bit number. A number that is no date is shown unchanged. */
function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

function withoutSchema(value: Buffer): Pick<ShownRecord, 'format' | 'value'> {
  const text = asText(value);
  if (text === null) return { format: 'hex', value: hex(value) };
  try {
    return { format: 'json', value: JSON.parse(text) };
  } catch {
    // Text that is not JSON is shown unchanged.
    return { format: 'text', value: text };
  }
}

function headerText(value: LogRecord['headers'][string]): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((part) => headerText(part)).join(', ');
  return typeof value === 'string' ? value : printable(value);
}

function printable(bytes: Buffer): string {
  return asText(bytes) ?? `hex:${hex(bytes)}`;
}

/** Text without control characters, which could confuse a terminal. Null for other bytes. */
function asText(bytes: Buffer): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return /\p{Cc}/u.test(text.replace(/[\n\t\r]/g, '')) ? null : text;
  } catch {
    // The bytes are not UTF-8, so they are shown as hex.
    return null;
  }
}

function hex(bytes: Buffer): string {
  const shown = bytes.subarray(0, HEX_BYTES_MAX).toString('hex');
  return bytes.length > HEX_BYTES_MAX ? `${shown}… (${bytes.length} bytes)` : shown;
}
