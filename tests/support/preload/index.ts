/** Changes to a process's surroundings, loaded into a worker from outside: nothing in the product knows of them. */
import path from 'node:path';

type Preload = 'redirect' | 'clock' | 'loop-watch';

/** The environment that loads these into a Node process, beside other options of Node. */
export function preloaded(names: readonly Preload[], options = ''): { NODE_OPTIONS: string } {
  const imports = names.map((name) => `--import=${path.join(import.meta.dirname, `${name}.ts`)}`);
  return { NODE_OPTIONS: [options, ...imports].join(' ').trim() };
}
