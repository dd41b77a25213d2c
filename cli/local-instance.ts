/**
 * The local instances of this machine (`npm start`, `orderstream stack up`). The image has no folder `stack/`.
 * There the command line knows no instance, and every server comes from the environment.
 */
import { existsSync } from 'node:fs';

/** Whether this installation can have local servers. */
export const hasLocalServers = existsSync(new URL('../stack/index.ts', import.meta.url));
const stack = hasLocalServers ? await import('../stack/index.ts') : null;

type Stack = typeof import('../stack/index.ts');

/** The instance `name`; null if there is none. */
export function readInstance(name: string): ReturnType<Stack['readInstance']> {
  return stack === null ? null : stack.readInstance(name);
}

/** The local servers. @throws Error where there is no instance; ask `readInstance` first. */
export function localServers(): Stack {
  if (stack === null) throw new Error('this installation has no local servers');
  return stack;
}
