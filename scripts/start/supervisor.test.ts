import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning, runningProcess, signal, waitUntil } from '../../stack/index.ts';
import type { ServiceSpec } from './services.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

const SERVES = `
import http from 'node:http';
http.createServer((_, response) => response.end('ready')).listen(Number(process.env.ADMIN_PORT), '127.0.0.1');
`;
const DIES = `console.error('Error: no such table'); process.exit(3);`;

let dir: string;
let told: string[];
let supervisor: Supervisor;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'supervisor-'));
  told = [];
  supervisor = createSupervisor(dir, (line) => told.push(line));
});
afterEach(async () => {
  await supervisor.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function spec(name: string, source: string): Promise<ServiceSpec> {
  const entry = path.join(dir, `${name}.mjs`);
  writeFileSync(entry, source);
  const port = await freePort();
  return { name, entry, env: { ADMIN_PORT: String(port) }, adminUrl: `http://127.0.0.1:${port}` };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const never = new AbortController().signal;

test('restarts a killed service, and stops it permanently', async () => {
  await supervisor.start([await spec('worker-1', SERVES)], never);
  const first = runningProcess(dir, 'worker-1');
  if (!first) throw new Error('the service has no pid file');
  signal(first, 'SIGKILL');
  const again = async (): Promise<void> => {
    const now = runningProcess(dir, 'worker-1');
    if (!now || now.pid === first.pid) throw new Error('not yet');
  };
  await waitUntil(again, { what: 'the second start', deadlineMs: 5_000 });
  const second = runningProcess(dir, 'worker-1');
  await supervisor.stop();
  expect(second && isRunning(second)).toBe(false);
  expect(told).toContainEqual('worker-1 ended (SIGKILL); starting it again in 0.25 s');
});

test('stops waiting for a service that cannot start, and shows the end of its log', async () => {
  const start = supervisor.start([await spec('ingestion', DIES)], never);
  await expect(start).rejects.toThrow('ingestion ended 5 times while it was starting.');
  expect(told).toContainEqual('ingestion: Error: no such table');
});

test('an interrupted start is reported', async () => {
  const interrupt = new AbortController();
  interrupt.abort();
  await expect(supervisor.start([await spec('ingestion', SERVES)], interrupt.signal)).rejects.toThrow(
    'Interrupted.',
  );
});

test('stops ingestion before the workers, and the workers before the rest', async () => {
  const names = ['notification', 'worker-1', 'ingestion'];
  const order = path.join(dir, 'order');
  const source = `${SERVES}
import { appendFileSync } from 'node:fs';
process.on('SIGTERM', () => { appendFileSync(${JSON.stringify(order)}, process.env.NAME + '\\n'); process.exit(0); });
`;
  const specs = await Promise.all(names.map((name) => spec(name, source)));
  for (const one of specs) one.env['NAME'] = one.name;
  await supervisor.start(specs, never);
  await supervisor.stop();
  expect(readFileSync(order, 'utf8').trim().split('\n')).toEqual(['ingestion', 'worker-1', 'notification']);
});
