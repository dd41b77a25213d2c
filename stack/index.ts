/**
 * The local stack: real servers as private processes. This file is the folder's public interface. Other folders
 * import nothing else.
 */
import type { StackInfo } from './up.ts';

export { claimInstance } from './claim.ts';
export { stackDown, stackReset } from './down.ts';

export { StackError } from './errors.ts';
export { instanceDir, readInstance } from './instance.ts';
export { type MailSink, startMailSink } from './mail-sink.ts';
export { localPaymentSettings } from './payment-provider/local-settings.ts';
export { identify, isRunning, type ProcessId, signal } from './processes/process-id.ts';
export {
  forgetProcess,
  logFile,
  recordProcess,
  runningNames,
  runningProcess,
  stopProcess,
} from './processes/processes.ts';
export type { ScrapeTarget } from './prometheus/config.ts';
export { startPrometheus } from './prometheus/prometheus.ts';
export { localPersonalDataKeys, localSecretKeys } from './secret-keys.ts';
export { type ServiceProcess, serviceProcesses, serviceStopRank } from './services.ts';
export {
  askReady,
  type ServerStatus,
  type ServiceStatus,
  serviceStatus,
  stackLogs,
  stackStatus,
} from './status.ts';
export { type StackInfo, stackUp } from './up.ts';
export { waitUntil } from './wait.ts';
export { type EndedServer, watchServers } from './watch.ts';

/** The environment variables for the services. */
export function stackEnv(info: StackInfo): Record<string, string> {
  return {
    KAFKA_BROKERS: info.kafkaBrokers,
    SCHEMA_REGISTRY_URL: info.schemaRegistryUrl,
    MYSQL_URL: info.mysqlUrl,
    REDIS_URL: info.redisUrl,
  };
}
