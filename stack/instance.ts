import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StackError } from './errors.ts';
import {
  allPorts,
  BROKERS_MAX,
  blockCandidates,
  devPorts,
  type Ports,
  takenPorts,
  testPorts,
} from './ports.ts';

/** The data of an instance that is kept between two `up`s, in `.stack/<name>/instance.json`. */
export interface Instance {
  name: string;
  brokers: number;
  ports: Ports;
  clusterId: string;
  mysqlPoolMb: number;
}

export interface InstanceOptions {
  name: string;
  brokers?: number;
  mysqlPoolMb?: number;
}

const NAME = /^[a-z][a-z0-9-]{0,30}$/;
const root = path.resolve(import.meta.dirname, '..', '.stack');

/** The private folder of an instance: data, logs, pid files, configuration. */
export function instanceDir(name: string): string {
  if (!NAME.test(name)) {
    throw new StackError(
      `"${name}" is not a valid instance name: use lower-case letters, digits and dashes, 31 at most, starting with a letter.`,
    );
  }
  return path.join(root, name);
}

export function instanceNames(): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root).filter((name) => existsSync(path.join(root, name, 'instance.json')));
}

export function readInstance(name: string): Instance | null {
  const file = path.join(instanceDir(name), 'instance.json');
  if (!existsSync(file)) return null;
  try {
    const instance = JSON.parse(readFileSync(file, 'utf8')) as Instance;
    // Older instances lack ports of later processes. The ports at these numbers are free.
    instance.ports.projectorAdmin ??= instance.ports.reconciliationAdmin + 1;
    instance.ports.mail ??= instance.ports.projectorAdmin + 1;
    instance.ports.mailAdmin ??= instance.ports.projectorAdmin + 2;
    instance.ports.paymentsAdmin ??= instance.ports.projectorAdmin + 3;
    instance.ports.paymentProvider ??= instance.ports.projectorAdmin + 4;
    instance.ports.paymentProviderAdmin ??= instance.ports.projectorAdmin + 5;
    instance.ports.schedulerAdmin ??= instance.ports.projectorAdmin + 6;
    instance.ports.observerAdmin ??= instance.ports.workerAdmin + 19;
    instance.ports.ingestionGrpc ??= instance.ports.workerAdmin + 18;
    instance.ports.prometheus ??= instance.ports.workerAdmin + 17;
    return instance;
  } catch (error) {
    throw new StackError(`${file} is not readable; run "orderstream stack reset --name ${name}".`, {
      cause: error,
    });
  }
}

/** Reads the instance, or creates it with its own ports. Call it under the instance's lock. */
export async function openInstance(options: InstanceOptions): Promise<Instance> {
  const known = readInstance(options.name);
  if (known) return sameShape(known, options);
  const brokers = options.brokers ?? 1;
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > BROKERS_MAX) {
    throw new StackError(`An instance has 1 to ${BROKERS_MAX} brokers, not ${brokers}.`);
  }
  const instance: Instance = {
    name: options.name,
    brokers,
    ports: await choosePorts(options.name),
    clusterId: randomBytes(16).toString('base64url'),
    mysqlPoolMb: options.mysqlPoolMb ?? (options.name === 'test' ? 256 : 1024),
  };
  writeInstance(instance);
  return instance;
}

function sameShape(known: Instance, options: InstanceOptions): Instance {
  if (options.brokers !== undefined && options.brokers !== known.brokers) {
    throw new StackError(
      `Instance "${known.name}" was created with ${known.brokers} broker(s); "orderstream stack reset --name ${known.name}" deletes it so that it can be created with ${options.brokers}.`,
    );
  }
  if (options.mysqlPoolMb !== undefined && options.mysqlPoolMb !== known.mysqlPoolMb) {
    const changed = { ...known, mysqlPoolMb: options.mysqlPoolMb };
    writeInstance(changed);
    return changed;
  }
  return known;
}

function writeInstance(instance: Instance): void {
  const dir = instanceDir(instance.name);
  mkdirSync(dir, { recursive: true });
  const file = path.join(dir, 'instance.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(instance, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** `dev` always has its fixed ports. `test` prefers its own. Any other name gets the first free block. */
async function choosePorts(name: string): Promise<Ports> {
  if (name === 'dev') return devPorts;
  const reserved = new Set(
    instanceNames()
      .filter((other) => other !== name)
      .flatMap((other) => allPorts(readInstance(other)?.ports ?? devPorts)),
  );
  const candidates = name === 'test' ? [testPorts, ...blockCandidates(name)] : blockCandidates(name);
  for (const ports of candidates) {
    const wanted = allPorts(ports);
    if (wanted.some((port) => reserved.has(port))) continue;
    if ((await takenPorts(wanted)).length === 0) return ports;
  }
  throw new StackError(
    'No free block of ports is left; stop or reset instances that you do not need any more.',
  );
}
