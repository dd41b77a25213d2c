/** The Python library of Standard Webhooks as an independent check of our signatures. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pythonWith } from '../programs/python.ts';

export interface Signed {
  secret: string;
  headers: Record<string, string>;
  body: string;
}

export type Verifier = (messages: readonly Signed[]) => string[];

const folder = import.meta.dirname;
const RUN_DEADLINE_MS = 30_000;

/** `ok` or a refusal for each message, or the reason why this machine has no such library. */
export async function pythonVerifier(): Promise<Verifier | { missing: string }> {
  try {
    const python = await pythonWith(path.join(folder, 'requirements.txt'), 'verifier');
    return (messages) =>
      JSON.parse(
        execFileSync(python, [path.join(folder, 'verify.py')], {
          input: JSON.stringify(messages),
          encoding: 'utf8',
          timeout: RUN_DEADLINE_MS,
        }),
      );
  } catch (error) {
    // There is no Python or no package index. The test reports this and counts as skipped.
    return { missing: error instanceof Error ? error.message.split('\n', 2).join(' ') : String(error) };
  }
}
