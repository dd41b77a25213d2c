import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

interface Ended {
  code: number | null;
  stderr: string;
}

/** Runs `orderstream` with an output that accepts no bytes: a closed pipe or a full disk. */
function orderstream(args: string[], output: 'closed pipe' | 'full disk'): Promise<Ended> {
  const stdout = output === 'full disk' ? openSync('/dev/full', 'w') : 'pipe';
  const child = spawn(process.execPath, ['cli/main.ts', ...args], {
    cwd: root,
    env: { ...process.env, MYSQL_URL: 'mysql://u:p@127.0.0.1:1/d' },
    stdio: ['ignore', stdout, 'pipe'],
  });
  child.stdout?.destroy();
  let stderr = '';
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}

const commands = [['--help'], ['--version'], ['topics', '--help'], ['stack', 'down', '--help']];

test.each(commands)('a closed output gives one sentence and exit code 1: %s %s', async (...args) => {
  expect(await orderstream(args, 'closed pipe')).toEqual({
    code: 1,
    stderr: 'orderstream: the output was closed before all of it was written\n',
  });
});

test.runIf(existsSync('/dev/full')).each(commands)(
  'a full disk gives one sentence and exit code 1: %s %s',
  async (...args) => {
    expect(await orderstream(args, 'full disk')).toEqual({
      code: 1,
      stderr: 'orderstream: the output cannot be written: no space left on device\n',
    });
  },
);
