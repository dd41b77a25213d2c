import { rmSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { claimInstance } from './claim.ts';
import { instanceDir } from './instance.ts';
import { launch, runningNames, stopProcess } from './processes/processes.ts';
import { serviceProcesses } from './services.ts';

const name = `t-claim-${process.pid}`;
const dir = instanceDir(name);
const names = [...serviceProcesses.map((one) => one.name), 'worker-7'];

afterEach(async () => {
  for (const left of runningNames(dir)) if (left !== 'start') await stopProcess(dir, left, 1_000);
  rmSync(dir, { recursive: true, force: true });
});

test('a start after a kill ends every service that the killed start left running, and no server', async () => {
  for (const one of [...names, 'mysql']) {
    await launch(dir, { name: one, command: 'sleep', args: ['60'], cwd: '/' });
  }
  const release = await claimInstance(name);
  expect(runningNames(dir).toSorted()).toEqual(['mysql', 'start']);
  release();
  expect(runningNames(dir)).toEqual(['mysql']);
});
