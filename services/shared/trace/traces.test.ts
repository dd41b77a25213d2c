import { trace } from '@opentelemetry/api';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from 'vitest';
import { appError } from '../errors/index.ts';
import { createLogger } from '../log/index.ts';
import { createTraces, errorTypeOf, linksMax, noTraces, type SpanSpec } from './traces.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 'test' });
const spec: SpanSpec = { name: 'work', kind: 'consumer', attributes: { 'messaging.system.name': 'kafka' } };
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentOf = (flags: string, id = traceId): string => `00-${id}-00f067aa0ba902b7-${flags}`;

function registered(sampler = new ParentBasedSampler({ root: new AlwaysOnSampler() })) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  trace.setGlobalTracerProvider(provider);
  return { traces: createTraces('1.0.0', log), spans: () => exporter.getFinishedSpans() };
}

afterEach(() => trace.disable());

describe('traces without an SDK', () => {
  it('are one shared object that starts nothing', async () => {
    const traces = createTraces('1.0.0', log);
    expect(traces).toBe(noTraces);
    expect(traces.isOn).toBe(false);
    expect([traces.startRoot(spec), traces.startChild(spec, parentOf('01'))]).toEqual([null, null]);
    await expect(traces.flush(1)).resolves.toBeUndefined();
  });
});

describe('a span', () => {
  it('is exported with its kind, attributes and error', async () => {
    const { traces, spans } = registered();
    const span = traces.startRoot(spec)!;
    span.set({ 'messaging.batch.message_count': 3 });
    span.end('MYSQL_TIMEOUT');
    span.end();
    await traces.flush(1_000);
    expect(spans()).toHaveLength(1);
    const [exported] = spans();
    expect(exported!.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.batch.message_count': 3,
      'error.type': 'MYSQL_TIMEOUT',
    });
    expect(exported!.status.code).toBe(2);
    expect(span.traceparent).toBe(`00-${span.traceId}-${span.spanId}-01`);
    expect(span.fields).toEqual({ traceId: span.traceId, spanId: span.spanId });
  });

  it('belongs to the trace of its parent', () => {
    const { traces, spans } = registered();
    traces.startChild(spec, parentOf('01'))!.end();
    expect(spans()[0]!.spanContext().traceId).toBe(traceId);
    expect(spans()[0]!.parentSpanContext?.spanId).toBe('00f067aa0ba902b7');
  });

  it.each([
    ['an unrecorded', parentOf('00')],
    ['no', null],
    ['a malformed', 'nonsense'],
  ])('is not started below %s parent', (_what, parent) => {
    const { traces } = registered();
    expect(traces.startChild(spec, parent)).toBeNull();
  });

  it('starts a trace of its own if the parent of a request is malformed', () => {
    const { traces } = registered();
    expect(traces.startRoot(spec, `${parentOf('01')}x`)!.traceId).not.toBe(traceId);
  });

  it('is not recorded if the caller does not record its trace', () => {
    const { traces } = registered();
    expect(traces.startRoot(spec, parentOf('00'))).toBeNull();
    expect(traces.startRoot(spec, parentOf('01'))!.traceId).toBe(traceId);
  });

  it('has links to recorded spans only, and no more than the limit', () => {
    const { traces, spans } = registered();
    const ids = Array.from({ length: linksMax + 5 }, (_, n) => String(n + 1).padStart(32, '0'));
    const links = [parentOf('00'), 'nonsense', ...ids.map((id) => parentOf('01', id))];
    traces.startRoot({ ...spec, links })!.end();
    expect(spans()[0]!.links.map(({ context }) => context.traceId)).toEqual(ids.slice(0, linksMax));
    expect(spans()[0]!.droppedLinksCount).toBe(0);
  });
});

describe('a ratio', () => {
  it('records its share of the traces, and every span of those', () => {
    const { traces } = registered(new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.1) }));
    const recorded = Array.from({ length: 2_000 }, () => traces.startRoot(spec)).filter(
      (span) => span !== null,
    );
    expect(recorded.length).toBeGreaterThan(120);
    expect(recorded.length).toBeLessThan(290);
    expect(recorded.every((span) => traces.startChild(spec, span.traceparent) !== null)).toBe(true);
  });
});

describe('the type of an error', () => {
  it('is a code or a class, never a message', () => {
    expect(errorTypeOf(appError('MYSQL_TIMEOUT', { timeoutMs: 1 }))).toBe('MYSQL_TIMEOUT');
    expect([errorTypeOf(new TypeError('Jane Doe')), errorTypeOf('Jane Doe')]).toEqual([
      'TypeError',
      'unknown',
    ]);
  });
});
