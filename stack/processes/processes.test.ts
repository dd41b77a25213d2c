import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitUntil } from '../wait.ts';
import { identify, isRunning, signal } from './process-id.ts';
import {
  launch,
  logFile,
  pidFile,
  recordProcess,
  runningNames,
  runningProcess,
  stopProcess,
} from './processes.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'processes-'));
});
afterEach(async () => {
  for (const name of runningNames(dir)) await stopProcess(dir, name, 0);
  rmSync(dir, { recursive: true, force: true });
});

const node = (script: string) => ({ name: 'child', command: process.execPath, args: ['-e', script] });
const says = (text: string) => () =>
  readFileSync(logFile(dir, 'child'), 'utf8').includes(text)
    ? Promise.resolve()
    : Promise.reject(new Error('silent'));

test('starts a process with a pid file and a log, and stops it', async () => {
  const id = await launch(dir, node("console.log('here'); setInterval(() => {}, 1000)"));
  await waitUntil(says('here'), { what: 'the child', deadlineMs: 5_000 });
  expect(runningProcess(dir, 'child')).toEqual(id);
  expect(await stopProcess(dir, 'child', 5_000)).toBe('stopped');
  expect(isRunning(id)).toBe(false);
  expect(runningNames(dir)).toEqual([]);
});

test('kills a process that ignores SIGTERM once the deadline has passed', async () => {
  const id = await launch(
    dir,
    node("process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000)"),
  );
  await waitUntil(says('deaf'), { what: 'the child', deadlineMs: 5_000 });
  expect(await stopProcess(dir, 'child', 100)).toBe('killed');
  expect(isRunning(id)).toBe(false);
});

test('never signals another process with the recorded pid', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const id = identify(child.pid ?? 0);
  if (!id) throw new Error('the child does not run');
  recordProcess(dir, 'child', { pid: id.pid, startedAt: '1' });
  expect(await stopProcess(dir, 'child', 100)).toBe('notRunning');
  expect(isRunning(id)).toBe(true);
  expect(signal(id, 'SIGKILL')).toBe(true);
});

test('ignores a half-written pid file', () => {
  recordProcess(dir, 'child', { pid: 1, startedAt: '1' });
  writeFileSync(pidFile(dir, 'child'), '{"pid":');
  expect(runningProcess(dir, 'child')).toBeNull();
});

test('reports a command that does not exist', async () => {
  await expect(launch(dir, { name: 'child', command: '/no/such/command', args: [] })).rejects.toThrow(
    /could not be started/,
  );
});
