/** The bare fastify server as a separate process. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Target } from '../client/job.ts';

const bareServer = path.join(import.meta.dirname, 'bare.ts');

export interface Bare {
  readonly target: Target;
  readonly pid: number;
  close(): Promise<void>;
}

export async function startBare(): Promise<Bare> {
  const child: ChildProcess = fork(bareServer, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  const { hostname, port } = new URL(url);
  return {
    target: { host: hostname, port: Number(port) },
    pid: child.pid!,
    async close() {
      const closed = once(child, 'close');
      child.kill();
      await closed;
    },
  };
}
