/** The command line in an arena, as an operator uses it. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { pageCommands } from '../../programs/recovery-page.ts';
import type { Arena } from '../arena.ts';

const root = path.resolve(import.meta.dirname, '../../../..');

export interface Typed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `orderstream` with these arguments against the arena's servers. */
export function orderstream({ env }: Pick<Arena, 'env'>, ...args: readonly string[]): Promise<Typed> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...process.env, ...env } };
    execFile(process.execPath, ['cli/main.ts', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Runs a command that must succeed. If the command fails, throws with its output. */
export async function orderstreamDone(
  arena: Pick<Arena, 'env'>,
  ...args: readonly string[]
): Promise<string> {
  const { code, stdout, stderr } = await orderstream(arena, ...args);
  if (code !== 0) throw new Error(`orderstream ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** Runs the commands of a section of docs/recovery.md. Each must succeed. Resolves to their output. */
export async function typePage(arena: Pick<Arena, 'env'>, heading: string): Promise<string> {
  let printed = '';
  for (const args of pageCommands(heading)) printed += await orderstreamDone(arena, ...args);
  return printed;
}
