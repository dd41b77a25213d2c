/**
 * The processes of the product on one machine. This is the only list for starting, reserving, showing and
 * stopping them.
 */
import type { Instance } from './instance.ts';

export interface ServiceProcess {
  /** The name of the process in its pid file, its log and INSTANCE_ID. */
  readonly name: string;
  /** The path of the program, relative to the root of the project. */
  readonly entry: string;
  readonly adminPort: (ports: Instance['ports']) => number;
  /** The lowest rank stops first: ingestion, then the workers, then the readers of outcomes. */
  readonly stopRank: number;
}

const WORKERS = 2;
/** Benches and tests run more workers than the list has. */
const WORKER = /^worker-\d+$/;

export const serviceProcesses: readonly ServiceProcess[] = [
  service('ingestion', 1, (ports) => ports.ingestionAdmin),
  ...Array.from({ length: WORKERS }, (_, index) => ({
    ...service('worker', 2, (ports) => ports.workerAdmin + index),
    name: `worker-${index + 1}`,
  })),
  service('notification', 3, (ports) => ports.notificationAdmin),
  service('reconciliation', 3, (ports) => ports.reconciliationAdmin),
  service('projector', 3, (ports) => ports.projectorAdmin),
  service('payments', 3, (ports) => ports.paymentsAdmin),
  service('scheduler', 3, (ports) => ports.schedulerAdmin),
  service('observer', 3, (ports) => ports.observerAdmin),
  {
    name: 'payment-provider',
    entry: 'stack/payment-provider/main.ts',
    adminPort: (ports) => ports.paymentProviderAdmin,
    stopRank: 3,
  },
  {
    name: 'mail-sink',
    entry: 'scripts/start/mail-sink.ts',
    adminPort: (ports) => ports.mailAdmin,
    stopRank: 3,
  },
];

/** Whether a process of an instance belongs to the product, unlike a server or `npm start` itself. */
export function isServiceProcess(name: string): boolean {
  return WORKER.test(name) || serviceProcesses.some((process) => process.name === name);
}

/** Stop rank of a service's process; null for other processes. */
export function serviceStopRank(name: string): number | null {
  const process = serviceProcesses.find((one) => one.name === (WORKER.test(name) ? 'worker-1' : name));
  return process?.stopRank ?? null;
}

function service(name: string, stopRank: number, adminPort: ServiceProcess['adminPort']): ServiceProcess {
  return { name, entry: `services/${name}/main.ts`, adminPort, stopRank };
}
