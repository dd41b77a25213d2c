/** Traces for tests: the real SDK, with its spans in memory and without a global registration. */
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { type Traces, tracesOf } from '../traces.ts';

export interface RecordedTraces {
  readonly traces: Traces;
  /** The ended spans, in the order of their ends. */
  spans(): RecordedSpan[];
}

interface RecordedSpan {
  readonly name: string;
  readonly traceparent: string;
  /** Span id of the parent; null for a root. */
  readonly parent: string | null;
  readonly spanId: string;
  readonly traceId: string;
  /** Span ids of the links. */
  readonly links: readonly string[];
  readonly attributes: ReadableSpan['attributes'];
}

/** By default every trace is recorded, unless its parent is not. */
export function recordTraces(
  sampler: Sampler = new ParentBasedSampler({ root: new AlwaysOnSampler() }),
): RecordedTraces {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return { traces: tracesOf(provider, '1.0.0'), spans: () => exporter.getFinishedSpans().map(spanOf) };
}

function spanOf(span: ReadableSpan): RecordedSpan {
  const { name, attributes, links, parentSpanContext } = span;
  const { traceId, spanId } = span.spanContext();
  return {
    ...{ name, attributes, traceId, spanId },
    traceparent: `00-${traceId}-${spanId}-01`,
    parent: parentSpanContext?.spanId ?? null,
    links: links.map(({ context }) => context.spanId),
  };
}
