import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Instance } from './instance.ts';
import { devPorts } from './ports.ts';
import { identify } from './processes/process-id.ts';
import { recordProcess } from './processes/processes.ts';
import { servers } from './up.ts';
import { type EndedServer, watchServers } from './watch.ts';

const instance: Instance = { name: 'watch', brokers: 1, ports: devPorts, clusterId: 'c', mysqlPoolMb: 64 };
const names = servers.flatMap((server) => server.processes(instance));
let dir: string;
let children: Map<string, ChildProcess>;
let stop: AbortController;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'watch-'));
  stop = new AbortController();
  children = new Map(
    names.map((name) => {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)'], { stdio: 'ignore' });
      recordProcess(dir, name, identify(child.pid!)!);
      return [name, child];
    }),
  );
});
afterEach(() => {
  stop.abort();
  for (const child of children.values()) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

function firstEnded(env: NodeJS.ProcessEnv): Promise<EndedServer> {
  return new Promise((resolve) => watchServers({ instance, dir }, stop.signal, resolve, env));
}

test('reports the name and the log of a server that ends', async () => {
  const ended = firstEnded({});
  children.get(names.at(-1)!)!.kill('SIGKILL');
  expect(await ended).toEqual({ name: names.at(-1), log: path.join(dir, 'logs', `${names.at(-1)}.log`) });
});

test('ignores a server that the environment names', async () => {
  const [first, second] = servers;
  const ended = firstEnded({ [first!.variable]: 'there' });
  for (const name of first!.processes(instance)) children.get(name)!.kill('SIGKILL');
  children.get(second!.processes(instance)[0]!)!.kill('SIGKILL');
  expect((await ended).name).toBe(second!.processes(instance)[0]);
});
