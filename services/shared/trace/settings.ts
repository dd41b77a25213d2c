/**
 * The settings of the SDK, from the standard variables of OpenTelemetry. The exporter reads those of its endpoint
 * (`OTEL_EXPORTER_OTLP_…`) itself, and the resource reads `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
 */
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  type BatchSpanProcessorOptions,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { appError } from '../errors/index.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface TraceSettings {
  readonly sampler: Sampler;
  readonly batches: Omit<BatchSpanProcessorOptions, 'exporter'>;
}

const samplers: Readonly<Record<string, (env: Env) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (env) => new TraceIdRatioBasedSampler(ratioOf(env)),
  parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: (env) =>
    new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratioOf(env)) }),
};

/** Null if traces are switched off. Throws CONFIG_INVALID with the name of the variable. */
export function readTraceSettings(env: Env): TraceSettings | null {
  if (textOf(env, 'OTEL_SDK_DISABLED', 'false').toLowerCase() === 'true') return null;
  const exporter = textOf(env, 'OTEL_TRACES_EXPORTER', 'otlp');
  if (exporter === 'none') return null;
  if (exporter !== 'otlp') throw invalid('OTEL_TRACES_EXPORTER', 'otlp or none');
  for (const name of ['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL']) {
    if (textOf(env, name, 'http/protobuf') !== 'http/protobuf') throw invalid(name, 'http/protobuf');
  }
  const sampler = samplers[textOf(env, 'OTEL_TRACES_SAMPLER', 'parentbased_always_on')];
  if (sampler === undefined)
    throw invalid('OTEL_TRACES_SAMPLER', `one of ${Object.keys(samplers).join(', ')}`);
  return {
    sampler: sampler(env),
    batches: {
      scheduledDelayMillis: integerOf(env, 'OTEL_BSP_SCHEDULE_DELAY', 5_000),
      exportTimeoutMillis: integerOf(env, 'OTEL_BSP_EXPORT_TIMEOUT', 30_000),
      maxQueueSize: integerOf(env, 'OTEL_BSP_MAX_QUEUE_SIZE', 2_048),
      maxExportBatchSize: integerOf(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512),
    },
  };
}

/** An empty variable counts as absent. */
function textOf(env: Env, name: string, fallback: string): string {
  return env[name]?.trim() || fallback;
}

function ratioOf(env: Env): number {
  const ratio = Number(textOf(env, 'OTEL_TRACES_SAMPLER_ARG', '1'));
  if (!(ratio >= 0 && ratio <= 1)) throw invalid('OTEL_TRACES_SAMPLER_ARG', 'a number from 0 to 1');
  return ratio;
}

function integerOf(env: Env, name: string, fallback: number): number {
  const value = Number(textOf(env, name, String(fallback)));
  if (!Number.isSafeInteger(value) || value < 1) throw invalid(name, 'a whole number above 0');
  return value;
}

function invalid(name: string, wanted: string): Error {
  return appError('CONFIG_INVALID', { problems: [`${name} is not ${wanted}`] });
}
