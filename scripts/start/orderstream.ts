import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { StackError, type StackInfo, stackEnv } from '../../stack/index.ts';
import { compileCache } from './compile-cache.ts';

/** Runs a command of `orderstream` as a user would, so that each step can be repeated by hand. */
export type Orderstream = (args: string[]) => Promise<void>;

const root = path.resolve(import.meta.dirname, '..', '..');

/**
 * Creates a function that runs commands against the instance of `info`. It passes on their lines at once.
 * Rejects with StackError after a failure.
 */
export function createOrderstream(
  info: StackInfo,
  signal: AbortSignal,
  tell: (line: string) => void,
): Orderstream {
  const env = {
    NODE_COMPILE_CACHE: compileCache,
    ...process.env,
    ...stackEnv(info),
    ORDERSTREAM_URL: `http://127.0.0.1:${info.instance.ports.ingestion}`,
  };
  return (args) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['cli/main.ts', ...args, '--name', info.name], {
        cwd: root,
        env,
        signal,
        // The child has its own session. So Ctrl-C reaches only this process, which then ends the child.
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      lines(child.stdout, tell);
      lines(child.stderr, tell);
      const failed = (how: string): StackError => new StackError(`"orderstream ${args.join(' ')}" ${how}.`);
      child.once('error', (cause) => reject(failed(`could not be run: ${cause.message}`)));
      child.once('close', (code) =>
        code === 0 ? resolve() : reject(failed(`ended with exit code ${code}`)),
      );
    });
}

function lines(stream: Readable, tell: (line: string) => void): void {
  createInterface({ input: stream }).on('line', tell);
}
