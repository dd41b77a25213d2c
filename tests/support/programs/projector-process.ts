/** A real projector as a child process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { keepLine } from '../records/kept-logs.ts';
import { until } from '../until.ts';

export interface ProjectorProcess {
  /** Messages of its log so far. */
  readonly log: string[];
  signal(name: NodeJS.Signals): void;
  /** Sends SIGTERM (or `signal`); resolves with its exit code, null if a signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

const entry = path.resolve(import.meta.dirname, '../../../services/projector/main.ts');

/** Starts a projector and resolves once it has joined its group. */
export async function spawnProjector(env: Readonly<Record<string, string>>): Promise<ProjectorProcess> {
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log: string[] = [];
  createInterface(child.stdout).on('line', (line) => {
    keepLine(line);
    log.push((JSON.parse(line) as { msg: string }).msg);
  });
  await until(() => log.includes('the consumer joined its group') || child.exitCode !== null, {
    what: 'the projector joining its group',
    deadlineMs: 60_000,
  });
  return {
    log,
    signal: (name) => void child.kill(name),
    async end(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill(signal);
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    },
  };
}
