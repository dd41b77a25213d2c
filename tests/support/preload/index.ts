/**
 * Changes to a process's environment, loaded into a worker from outside. No code of the product refers to
 * them.
 */
import path from 'node:path';

type Preload = 'redirect' | 'clock' | 'loop-watch';

/** The environment that preloads these into a Node process, with its other Node options. */
export function preloaded(names: readonly Preload[], options = ''): { NODE_OPTIONS: string } {
  const imports = names.map((name) => `--import=${path.join(import.meta.dirname, `${name}.ts`)}`);
  return { NODE_OPTIONS: [options, ...imports].join(' ').trim() };
}
