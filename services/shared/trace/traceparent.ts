/**
 * The `traceparent` of W3C Trace Context: version, trace id, span id and flags. The product passes it on as text: in
 * HTTP headers, commands, outcomes, record headers and rows.
 */
import type { SpanContext } from '@opentelemetry/api';

/** The name of the HTTP header and of the record header. */
export const TRACEPARENT_HEADER = 'traceparent';

const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const sampledFlag = 1;

/** Whether the text is a valid traceparent of version 00. */
export function isTraceparent(text: string): boolean {
  return form.test(text);
}

/** Whether the text is valid and its trace is recorded. */
export function isSampled(text: string | null): text is string {
  return text !== null && ((readTraceparent(text)?.traceFlags ?? 0) & sampledFlag) !== 0;
}

/** The ids and flags of a traceparent of another process; null for any other text. */
export function readTraceparent(text: string): SpanContext | null {
  const match = form.exec(text);
  if (match === null) return null;
  const [, traceId, spanId, flags] = match;
  return { traceId: traceId!, spanId: spanId!, traceFlags: Number.parseInt(flags!, 16), isRemote: true };
}

/** The traceparent of a span. */
export function writeTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
