import { readFileSync, rmSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { stackDown } from './down.ts';
import { instanceDir } from './instance.ts';
import { launch, logFile, runningNames, stopProcess } from './processes/processes.ts';
import { waitUntil } from './wait.ts';

const name = `down-${process.pid}`;
const dir = instanceDir(name);

afterEach(async () => {
  for (const running of runningNames(dir)) await stopProcess(dir, running, 0);
  rmSync(dir, { recursive: true, force: true });
});

/** Like an `npm start` that starts a service when it gets a request to stop. */
const startsOneMore = `
  import { spawn } from 'node:child_process';
  import { identify } from ${JSON.stringify(new URL('./processes/process-id.ts', import.meta.url).href)};
  import { recordProcess } from ${JSON.stringify(new URL('./processes/processes.ts', import.meta.url).href)};
  process.on('SIGTERM', () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
    recordProcess(${JSON.stringify(dir)}, 'worker-1', identify(child.pid));
    process.exit();
  });
  console.log('here');
  setInterval(() => {}, 1000);
`;

test('stops a service that was started during the stop of the process that starts services', async () => {
  await launch(dir, {
    name: 'start',
    command: process.execPath,
    args: ['--input-type=module', '-e', startsOneMore],
  });
  await waitUntil(
    async () => {
      if (!readFileSync(logFile(dir, 'start'), 'utf8').includes('here')) throw new Error('silent');
    },
    { what: 'the process that starts services', deadlineMs: 10_000 },
  );
  const stopped = await stackDown(name);
  expect([...stopped.keys()]).toEqual(['start', 'worker-1']);
  expect(runningNames(dir)).toEqual([]);
});
