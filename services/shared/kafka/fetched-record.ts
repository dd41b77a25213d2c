/** A fetched record. Its headers are parsed only on request. */
import type { FetchedHeaders, ReadHeaders } from './fetched-headers.ts';
import type { InRecord } from './types.ts';

export class FetchedRecord implements InRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly fetchedHeaders: FetchedHeaders;

  constructor(
    topic: string,
    partition: number,
    offset: bigint,
    timestampMs: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: FetchedHeaders,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestampMs = timestampMs;
    this.key = key;
    this.value = value;
    this.fetchedHeaders = headers;
  }

  get headers(): ReadHeaders {
    return this.fetchedHeaders.all;
  }
}

type WithHeaders = Pick<InRecord, 'headers'>;

/**
 * One header of a record. Services use this function, because other producers may send any number of headers.
 */
export function headerOf(record: WithHeaders, name: string): Buffer | string | undefined {
  return record instanceof FetchedRecord ? record.fetchedHeaders.get(name) : record.headers[name];
}

/** The first `max` headers of a record, and how many follow them. */
export function firstHeaders(
  record: WithHeaders,
  max: number,
): { readonly headers: ReadHeaders; readonly omitted: number } {
  if (record instanceof FetchedRecord) return record.fetchedHeaders.first(max);
  const entries = Object.entries(record.headers);
  // Names come from other producers. Without a prototype, `__proto__` is an ordinary name.
  const headers: ReadHeaders = Object.create(null);
  for (const [name, value] of entries.slice(0, max)) headers[name] = value;
  return { headers, omitted: Math.max(0, entries.length - max) };
}

/** Bytes of a record's headers: names and values, and for a fetched record also their lengths. */
export function headersBytes(record: WithHeaders): number {
  if (record instanceof FetchedRecord) return record.fetchedHeaders.byteLength;
  let bytes = 0;
  for (const name in record.headers) bytes += name.length + (record.headers[name]?.length ?? 0);
  return bytes;
}
