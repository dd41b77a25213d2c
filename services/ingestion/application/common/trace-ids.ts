/** Trace ids of requests (W3C Trace Context). */
import { randomBytes } from 'node:crypto';
import { isTraceparent } from '../../../shared/trace/index.ts';

/** The text if it is a valid `traceparent`, otherwise null. */
export function readTraceparent(text: unknown): string | null {
  return typeof text === 'string' && isTraceparent(text) ? text : null;
}

/** The trace id of a valid `traceparent`, or a new one. */
export function traceIdFrom(traceparent: string | null): string {
  return traceparent?.slice(3, 35) ?? randomBytes(16).toString('hex');
}
