/**
 * Switches traces on. Load it before a service: `node --import ./services/shared/trace/register.ts
 * services/worker/main.ts`. It exports spans as OTLP over HTTP. A setting that is not valid ends the process.
 */
import path from 'node:path';
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import packageJson from '../../../package.json' with { type: 'json' };
import { errorMessage } from '../errors/index.ts';
import { createLogger } from '../log/index.ts';
import { readTraceSettings, type TraceSettings } from './settings.ts';

/** The folder of `services/worker/main.ts` names the service. */
const service = path.basename(path.dirname(process.argv[1] ?? ''));
const instanceId = process.env['INSTANCE_ID'] || String(process.pid);

const settings = readOrExit();
if (settings !== null) {
  const { sampler, batches } = settings;
  const named = detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] });
  const own = resourceFromAttributes({
    'service.name': `orderstream-${service}`,
    'service.version': packageJson.version,
    'service.instance.id': instanceId,
  });
  trace.setGlobalTracerProvider(
    new TracerProvider({
      sampler,
      resource: defaultResource().merge(own).merge(named),
      spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), ...batches })],
    }),
  );
}

function readOrExit(): TraceSettings | null {
  try {
    return readTraceSettings(process.env);
  } catch (error) {
    createLogger({ service, level: 'info', instanceId }).fatal({ err: error }, errorMessage(error));
    process.exit(1);
  }
}
