import { describe, expect, it } from 'vitest';
import { readTraceSettings } from './settings.ts';

const samplerOf = (env: Parameters<typeof readTraceSettings>[0]): string =>
  String(readTraceSettings(env)!.sampler);

describe('the settings of traces', () => {
  it('are the defaults of OpenTelemetry without a variable, and with empty ones', () => {
    for (const env of [{}, { OTEL_TRACES_SAMPLER: '', OTEL_BSP_SCHEDULE_DELAY: ' ' }]) {
      expect(readTraceSettings(env)!.batches).toEqual({
        ...{ scheduledDelayMillis: 5_000, exportTimeoutMillis: 30_000 },
        ...{ maxQueueSize: 2_048, maxExportBatchSize: 512 },
      });
      expect(samplerOf(env)).toContain('root=AlwaysOnSampler');
    }
  });

  it.each([
    [{ OTEL_SDK_DISABLED: 'true' }],
    [{ OTEL_SDK_DISABLED: 'TRUE' }],
    [{ OTEL_TRACES_EXPORTER: 'none' }],
  ])('switch traces off with %j', (env) => {
    expect(readTraceSettings(env)).toBeNull();
  });

  it.each([
    ['always_on', 'AlwaysOnSampler'],
    ['always_off', 'AlwaysOffSampler'],
    ['traceidratio', 'TraceIdRatioBased{0.01}'],
    ['parentbased_always_off', 'root=AlwaysOffSampler'],
    ['parentbased_traceidratio', 'root=TraceIdRatioBased{0.01}'],
  ])('make the sampler %s', (OTEL_TRACES_SAMPLER, expected) => {
    expect(samplerOf({ OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG: '0.01' })).toContain(expected);
  });

  it.each([
    ['OTEL_TRACES_SAMPLER', 'sometimes'],
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/json'],
    ['OTEL_BSP_SCHEDULE_DELAY', '5s'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '0'],
  ])('refuse %s=%s', (name, value) => {
    expect(() => readTraceSettings({ [name]: value })).toThrow(name);
  });

  it.each(['1.5', '-1', 'one', 'NaN'])('refuse the ratio %s', (OTEL_TRACES_SAMPLER_ARG) => {
    const env = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG };
    expect(() => readTraceSettings(env)).toThrow('OTEL_TRACES_SAMPLER_ARG');
  });
});
