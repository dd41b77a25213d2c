/**
 * Reads a file of orders with one JSON object per line: `{customerId, idempotencyKey, order}`. It reads a stream,
 * so a file may have any size.
 */
import { decodeUtf8, openInput, readByteLines, withoutByteOrderMark } from '../input.ts';

export interface OrderLine {
  kind: 'order';
  /** Number of the line in its file, from 1. */
  line: number;
  customerId: string;
  idempotencyKey: string;
  /** The order request; the API validates it. */
  order: Record<string, unknown>;
}

export interface BadLine {
  kind: 'bad';
  line: number;
  problem: string;
}

const LINE_BYTES_MAX = 1 << 20;
const KEY = /^[\x21-\x7e]{1,255}$/;
const CUSTOMER = /^[\x21-\x7e]{1,128}$/;

/**
 * The lines of `path` in order. A bad line contains its problem, and empty lines are skipped. `-` is standard
 * input. Only LF ends a line, because JSON strings may contain other characters that some readers treat as a line
 * end.
 *
 * @throws the file system's error if the file cannot be read to its end.
 */
export async function* readOrderLines(path: string): AsyncGenerator<OrderLine | BadLine> {
  let line = 0;
  for await (const bytes of readByteLines(openInput(path), LINE_BYTES_MAX)) {
    line += 1;
    if (bytes === null) {
      yield { kind: 'bad', line, problem: 'longer than 1 MiB' };
      continue;
    }
    const text = decodeUtf8(line === 1 ? withoutByteOrderMark(bytes) : bytes);
    if (text === null) yield { kind: 'bad', line, problem: 'not valid UTF-8' };
    else if (text.trim() !== '') yield parseOrderLine(text, line);
  }
}

/** Parses one line of the file. Never throws. */
export function parseOrderLine(text: string, line: number): OrderLine | BadLine {
  const bad = (problem: string): BadLine => ({ kind: 'bad', line, problem });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the line, which may contain a name or an address.
    return bad('not valid JSON');
  }
  if (!isObject(value)) return bad('not a JSON object');
  const { customerId, idempotencyKey, order } = value;
  if (typeof customerId !== 'string' || !CUSTOMER.test(customerId)) {
    return bad('customerId must be a string of 1 to 128 visible ASCII characters');
  }
  if (typeof idempotencyKey !== 'string' || !KEY.test(idempotencyKey)) {
    return bad('idempotencyKey must be a string of 1 to 255 visible ASCII characters');
  }
  if (!isObject(order)) return bad('order must be a JSON object');
  return { kind: 'order', line, customerId, idempotencyKey, order };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
