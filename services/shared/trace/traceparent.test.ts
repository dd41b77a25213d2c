import { describe, expect, it } from 'vitest';
import { isSampled, isTraceparent, readTraceparent, writeTraceparent } from './traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const sampled = `00-${traceId}-${spanId}-01`;

describe('a traceparent', () => {
  it('is read and written unchanged', () => {
    const context = readTraceparent(sampled)!;
    expect(context).toEqual({ traceId, spanId, traceFlags: 1, isRemote: true });
    expect(writeTraceparent(context)).toBe(sampled);
  });

  it.each([
    ['another version', `01-${traceId}-${spanId}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['capital letters', sampled.toUpperCase()],
    ['more text', `${sampled}-more`],
    ['a line break', `${sampled}\n`],
    ['an id that is too short', `00-${traceId.slice(1)}-${spanId}-01`],
    ['no text', ''],
  ])('with %s is malformed', (_what, text) => {
    expect([isTraceparent(text), isSampled(text), readTraceparent(text)]).toEqual([false, false, null]);
  });

  it.each([
    ['00', false],
    ['01', true],
    ['02', false],
    ['03', true],
  ])('with the flags %s is sampled: %s', (flags, expected) => {
    expect(isSampled(`00-${traceId}-${spanId}-${flags}`)).toBe(expected);
  });

  it('that is absent is not sampled', () => {
    expect(isSampled(null)).toBe(false);
  });
});
