/** `orderstream verify` as a child process. So the checker shares no memory with the checked processes. */
import { spawn } from 'node:child_process';
import path from 'node:path';

export interface VerifyResult {
  readonly ok: boolean;
  readonly commands: number;
  readonly orders: number;
  readonly repeats: number;
  readonly deadLetters: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly results: readonly { check: string; count: number; examples: string[] }[];
}

const cli = path.join(import.meta.dirname, '../../../../cli/main.ts');

/** Runs it with `env` added to our environment. Throws with its output if it could not check. */
export async function runVerify(env: Readonly<Record<string, string>>): Promise<VerifyResult> {
  const child = spawn(process.execPath, [cli, 'verify', '--json', '--wait', '30'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  await new Promise((resolve) => child.once('close', resolve));
  try {
    return JSON.parse(Buffer.concat(out).toString()) as VerifyResult;
  } catch (cause) {
    throw new Error(`verify gave no report: ${Buffer.concat(err).toString()}`, { cause });
  }
}

/** The faults of a report, one line each. Empty if there are none. */
export function complaints(report: VerifyResult): string[] {
  return report.results
    .filter((result) => result.count > 0)
    .map((result) => `${result.check}: ${result.count} (${result.examples.slice(0, 3).join('; ')})`);
}
