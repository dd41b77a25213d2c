/** Runs one measurement in its own process. So no run inherits the heap, caches or compiled code of another run. */
import { fork } from 'node:child_process';
import path from 'node:path';
import type { RunResult } from './types.ts';

const compileCache = path.resolve(import.meta.dirname, '../../node_modules/.cache/compile');
/** A run that takes longer is killed and has no number. */
const runDeadlineMs = 15 * 60_000;

/**
 * Starts `script` with the job as its argument, and waits for its result. `env` extends the environment of this
 * process.
 */
export function runInChild(
  script: string,
  job: object,
  env: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = fork(script, [JSON.stringify(job)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // The compile cache saves a second and 30 MB per run, because types are stripped only once.
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...env },
    });
    let result: RunResult | null = null;
    const timer = setTimeout(() => child.kill('SIGKILL'), runDeadlineMs);
    child.on('message', (message) => {
      result = message as RunResult;
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(
        result ?? { ok: false, problem: `the measuring process ended with ${signal ?? code} and no result` },
      );
    });
  });
}

/** The job of this process. */
export function jobOfChild<Job>(): Job {
  return JSON.parse(process.argv[2] ?? 'null') as Job;
}

/** Sends the result to the parent. Resolves once the result is sent. */
export function sendResult(result: RunResult): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) return reject(new Error('this process was not started by a bench'));
    process.send(result, undefined, {}, (error) => (error === null ? resolve() : reject(error)));
  });
}
