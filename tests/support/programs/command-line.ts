/** `orderstream` as a user runs it, on a product of the tests. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import path from 'node:path';
import type { Product } from './product.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Variables that are added to the environment with the servers of the product. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  /** The file for standard output, such as `/dev/full`. */
  readonly outputFile?: string;
}

const root = path.resolve(import.meta.dirname, '../../..');

/** Runs a command to its end, whatever its exit code is. Adds `--name` of the product. */
export function orderstream(
  product: Pick<Product, 'name' | 'env'>,
  args: readonly string[],
  { env = {}, input = '', outputFile }: RunOptions = {},
): Promise<Ended> {
  const named = args.includes('--name') ? [] : ['--name', product.name];
  const child = spawn(process.execPath, ['cli/main.ts', ...args, ...named], {
    cwd: root,
    env: { ...process.env, ...product.env, ...env },
    stdio: ['pipe', outputFile === undefined ? 'pipe' : openSync(outputFile, 'w'), 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
