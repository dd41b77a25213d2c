import { createHash } from 'node:crypto';
import net from 'node:net';

/**
 * Every port of one instance, including those of the services, so that two instances can run at the same
 * time.
 */
export interface Ports {
  kafka: number[];
  controllers: number[];
  registry: number;
  mysql: number;
  redis: number;
  ingestion: number;
  ingestionAdmin: number;
  workerAdmin: number;
  notificationAdmin: number;
  reconciliationAdmin: number;
  projectorAdmin: number;
  mail: number;
  mailAdmin: number;
  paymentsAdmin: number;
  paymentProvider: number;
  paymentProviderAdmin: number;
  schedulerAdmin: number;
  observerAdmin: number;
  ingestionGrpc: number;
  prometheus: number;
}

export const BROKERS_MAX = 3;
const BLOCK_PORTS = 40;
const BLOCKS_FROM = 20_000;
const BLOCK_COUNT = 75;

/** `dev` has the ports of the documentation. `test` has the same ports plus 10,000. */
export const devPorts: Ports = wellKnown(0);
export const testPorts: Ports = wellKnown(10_000);

function wellKnown(shift: number): Ports {
  return {
    kafka: [19_092, 19_094, 19_096].map((port) => port + shift),
    controllers: [19_093, 19_095, 19_097].map((port) => port + shift),
    registry: 18_081 + shift,
    mysql: 13_306 + shift,
    redis: 16_379 + shift,
    ingestion: 18_080 + shift,
    ingestionAdmin: 19_101 + shift,
    workerAdmin: 19_111 + shift,
    notificationAdmin: 19_121 + shift,
    reconciliationAdmin: 19_131 + shift,
    projectorAdmin: 19_141 + shift,
    mail: 19_025 + shift,
    mailAdmin: 19_151 + shift,
    paymentsAdmin: 19_161 + shift,
    paymentProvider: 18_090 + shift,
    paymentProviderAdmin: 19_171 + shift,
    schedulerAdmin: 19_181 + shift,
    observerAdmin: 19_191 + shift,
    ingestionGrpc: 18_082 + shift,
    prometheus: 19_090 + shift,
  };
}

/**
 * The nth block of ports for instances of other names. All ports are below 32768, where systems begin to assign
 * ports automatically.
 */
function blockPorts(block: number): Ports {
  const base = BLOCKS_FROM + (block % BLOCK_COUNT) * BLOCK_PORTS;
  return {
    kafka: [base, base + 2, base + 4],
    controllers: [base + 1, base + 3, base + 5],
    registry: base + 6,
    mysql: base + 7,
    redis: base + 8,
    ingestion: base + 9,
    ingestionAdmin: base + 10,
    workerAdmin: base + 11,
    notificationAdmin: base + 31,
    reconciliationAdmin: base + 32,
    projectorAdmin: base + 33,
    mail: base + 34,
    mailAdmin: base + 35,
    paymentsAdmin: base + 36,
    paymentProvider: base + 37,
    paymentProviderAdmin: base + 38,
    schedulerAdmin: base + 39,
    observerAdmin: base + 30,
    ingestionGrpc: base + 29,
    prometheus: base + 28,
  };
}

/** The order in which the blocks are tried for a name. A name starts at the same block on every machine. */
export function blockCandidates(name: string): Ports[] {
  const start = createHash('sha256').update(name).digest().readUInt32BE(0) % BLOCK_COUNT;
  return Array.from({ length: BLOCK_COUNT }, (_, step) => blockPorts(start + step));
}

export function allPorts(ports: Ports): number[] {
  return Object.values(ports).flat();
}

/** Whether a server can listen on 127.0.0.1:port now. */
function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export async function takenPorts(ports: number[]): Promise<number[]> {
  const free = await Promise.all(ports.map(isPortFree));
  return ports.filter((_, index) => !free[index]);
}
