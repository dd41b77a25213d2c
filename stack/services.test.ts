import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { allPorts, devPorts } from './ports.ts';
import { isServiceProcess, serviceProcesses, serviceStopRank } from './services.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
/** The programs that a file starts, each once, such as `services/worker/main.ts`. */
const programsIn = (...texts: string[]): string[] => [
  ...new Set(texts.flatMap((text) => text.match(/services\/[a-z-]+\/main\.ts/g) ?? [])),
];
const programs = [...new Set(serviceProcesses.map(({ entry }) => entry))];
/** The services without the mail sink: outside a local run, mails go to a real mail server. */
const deployed = programs.filter((entry) => entry.startsWith('services/')).toSorted();

test('the list has every service with a program', () => {
  const withProgram = readdirSync(path.join(root, 'services')).filter((name) =>
    readdirSync(path.join(root, 'services', name)).includes('main.ts'),
  );
  expect(withProgram.map((name) => `services/${name}/main.ts`).toSorted()).toEqual(deployed);
});

test('docker compose runs every service of the list', () => {
  expect(programsIn(read('docker/compose.yaml')).toSorted()).toEqual(deployed);
});

test('Kubernetes runs every service of the list', () => {
  const manifests = readdirSync(path.join(root, 'k8s', 'base')).map((name) => read(`k8s/base/${name}`));
  expect(programsIn(...manifests).toSorted()).toEqual(deployed);
});

test('each process has its own admin port from the instance', () => {
  const ports = serviceProcesses.map(({ adminPort }) => adminPort(devPorts));
  expect(new Set(ports).size).toBe(serviceProcesses.length);
  // Workers use a range of ports that begins with the first one.
  const known = new Set([...allPorts(devPorts), devPorts.workerAdmin + 1]);
  expect(ports.filter((port) => !known.has(port))).toEqual([]);
});

test('distinguishes the processes of the product from the servers', () => {
  expect([...serviceProcesses.map(({ name }) => name), 'worker-7'].every(isServiceProcess)).toBe(true);
  expect(['start', 'kafka', 'kafka-2', 'mysql', 'worker', 'workers-1'].some(isServiceProcess)).toBe(false);
});

test('ingestion stops before the workers, and the workers before the rest; servers have no rank', () => {
  const ranks = [
    'ingestion',
    'worker-1',
    'worker-9',
    'payments',
    'scheduler',
    'observer',
    'payment-provider',
    'mail-sink',
  ].map(serviceStopRank);
  expect(ranks).toEqual([1, 2, 2, 3, 3, 3, 3, 3]);
  expect(serviceStopRank('kafka')).toBeNull();
});
