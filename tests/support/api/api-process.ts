/** A real ingestion process as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { keepLine } from '../records/kept-logs.ts';

export interface ApiProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly adminUrl: string;
  /** Host and port of the gRPC API. */
  readonly grpcAddress: string;
  /** Its log so far. */
  readonly lines: readonly string[];
  /** Sends the signal. Resolves with the exit code, or null if a signal ended the process. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const entry = path.join(import.meta.dirname, '../../../services/ingestion/main.ts');

/** Starts an ingestion process with `env` added to our environment, and resolves once it listens. */
export async function spawnApi(env: Readonly<Record<string, string>>): Promise<ApiProcess> {
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  let adminPort = '';
  let grpcAddress = '';
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      keepLine(line);
      lines.push(line);
      adminPort ||= /"adminPort":([1-9]\d*)/.exec(line)?.[1] ?? '';
      grpcAddress ||= /"grpc":"([^"]+)"/.exec(line)?.[1] ?? '';
      const listening = /"url":"(http[^"]+)"/.exec(line)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    void ended.then((code) => reject(new Error(`ended with ${code}: ${lines.at(-1)}`)));
  });
  return {
    child,
    url,
    lines,
    get grpcAddress() {
      return grpcAddress;
    },
    get adminUrl() {
      return `http://127.0.0.1:${adminPort}`;
    },
    end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
}
