/**
 * Spans of this process. Without an SDK (see `register.ts`) every start returns null, so a caller pays one call. A span
 * that the sampler drops is null too. Parents are passed as text, so no context follows the calls of the program.
 */
import {
  type Attributes,
  DiagLogLevel,
  diag,
  type Link,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { AppError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { isSampled, readTraceparent, writeTraceparent } from './traceparent.ts';

/** Maximum links of a span. Later links are cut. The SDK would keep the last ones. */
export const linksMax = 128;

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** What a span says at its start. */
export interface SpanSpec {
  readonly name: string;
  readonly kind: keyof typeof kinds;
  readonly attributes: Attributes;
  /** Traceparents of related spans. At most `linksMax` count, and only sampled ones. */
  readonly links?: readonly string[];
  /** The start in epoch ms, if it was before this call. */
  readonly startMs?: number;
}

export interface Traces {
  /** False without an SDK. Callers skip work that only traces need. */
  readonly isOn: boolean;
  /**
   * Starts a span that may begin a trace. The sampler decides. A valid `parent` makes it a span of that trace. Null if
   * it is not recorded.
   */
  startRoot(spec: SpanSpec, parent?: string | null): TraceSpan | null;
  /** Starts a span below `parent`. Null unless the parent is valid and recorded. */
  startChild(spec: SpanSpec, parent: string | null): TraceSpan | null;
  /** Exports the ended spans. Waits at most `timeoutMs`, and never rejects. */
  flush(timeoutMs: number): Promise<void>;
}

/** A recorded span. */
export class TraceSpan {
  /** For the next process or the next span. */
  readonly traceparent: string;
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly #span: Span;
  #isOpen = true;

  constructor(span: Span) {
    this.#span = span;
    const context = span.spanContext();
    this.traceparent = writeTraceparent(context);
    this.traceId = context.traceId;
    this.spanId = context.spanId;
  }

  /** The ids, as members of a log line. */
  get fields(): { traceId: string; spanId: string } {
    return { traceId: this.traceId, spanId: this.spanId };
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  /** Ends the span. `errorType` is a short word for its failure, without data. Further calls do nothing. */
  end(errorType: string | null = null): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (errorType !== null) {
      this.#span.setAttribute('error.type', errorType);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

/** What every part uses without an SDK. */
export const noTraces: Traces = {
  isOn: false,
  startRoot: () => null,
  startChild: () => null,
  flush: async () => undefined,
};

/** The members of an SDK's provider that this file uses. */
interface SdkProvider extends TracerProvider {
  forceFlush(): Promise<void>;
}

/** The traces of the SDK that this process has registered, otherwise `noTraces`. */
export function createTraces(version: string, log: Logger): Traces {
  const registered = trace.getTracerProvider();
  const provider = registered instanceof ProxyTracerProvider ? registered.getDelegate() : registered;
  if (!hasFlush(provider)) return noTraces;
  reportProblems(log);
  return tracesOf(provider, version);
}

/** The traces of this provider. */
export function tracesOf(provider: SdkProvider, version: string): Traces {
  const tracer = provider.getTracer('orderstream', version);
  return {
    isOn: true,
    startRoot: (spec, parent = null) => start(tracer, spec, parent),
    startChild: (spec, parent) => (isSampled(parent) ? start(tracer, spec, parent) : null),
    async flush(timeoutMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      // The SDK reports a failed export itself. A lost span must not keep the process.
      await Promise.race([provider.forceFlush().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
}

/** The SDK reports lost spans here. One line within this time is enough. */
const reportEveryMs = 30_000;
const reportCharsMax = 300;

function reportProblems(log: Logger): void {
  let nextMs = 0;
  let skipped = 0;
  const report = (reason: string): void => {
    if (performance.now() < nextMs) {
      skipped += 1;
      return;
    }
    nextMs = performance.now() + reportEveryMs;
    log.warn({ reason: reason.slice(0, reportCharsMax), skipped }, 'the trace SDK reported a problem');
    skipped = 0;
  };
  const ignore = (): void => undefined;
  const logger = { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

function hasFlush(provider: TracerProvider): provider is SdkProvider {
  return 'forceFlush' in provider;
}

function start(tracer: Tracer, spec: SpanSpec, parent: string | null): TraceSpan | null {
  const { name, kind, attributes, links, startMs } = spec;
  const remote = parent === null ? null : readTraceparent(parent);
  const context = remote === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
  const options = {
    kind: kinds[kind],
    attributes,
    ...(links !== undefined && { links: linksOf(links) }),
    ...(startMs !== undefined && { startTime: startMs }),
  };
  const span = tracer.startSpan(name, options, context);
  return span.isRecording() ? new TraceSpan(span) : null;
}

function linksOf(traceparents: readonly string[]): Link[] {
  const links: Link[] = [];
  for (const text of traceparents) {
    if (links.length === linksMax) break;
    const context = isSampled(text) ? readTraceparent(text) : null;
    if (context !== null) links.push({ context });
  }
  return links;
}

/** The type of an error for a span: its code or its class. The message may have data. */
export function errorTypeOf(error: unknown): string {
  if (error instanceof AppError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
