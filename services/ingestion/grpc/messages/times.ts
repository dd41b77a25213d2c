/** Times and durations in messages, and in this service as milliseconds. */
import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';

type Init<T> = Pick<T, Extract<keyof T, 'seconds' | 'nanos'>>;

/** `ms` is epoch milliseconds. */
export function timestampOf(ms: number): Init<Timestamp> {
  return secondsAndNanos(ms);
}

/** The timestamp of an RFC 3339 text of this service. */
export function timestampOfText(text: string): Init<Timestamp> {
  return secondsAndNanos(Date.parse(text));
}

export function durationOf(ms: number): Init<Duration> {
  return secondsAndNanos(ms);
}

/** Milliseconds of a timestamp or a duration. May be far outside of the range of a date. */
export function msOf({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): number {
  return Number(seconds) * 1000 + Math.floor(nanos / 1e6);
}

/** Nanos are never negative here, as `Timestamp` requires. */
function secondsAndNanos(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) };
}
