import { spawn } from 'node:child_process';
import path from 'node:path';

/** A check of the sources that passes or fails. */
export interface Stage {
  name: string;
  command: string;
  args: string[];
}

const root = path.resolve(import.meta.dirname, '..', '..');
const ROOMS = [
  'services',
  'topics',
  'schemas',
  'cli',
  'stack',
  'scripts',
  'tests',
  'loadtest',
  'k8s',
  'ops',
  'docker',
];

export const stages: readonly Stage[] = [
  // The native compiler checks the whole in a third of the time. TypeScript 5 stays for tools that use its API.
  { name: 'types', command: 'node', args: ['node_modules/typescript-7/bin/tsc', '--noEmit', '-p', '.'] },
  { name: 'lint', command: 'biome', args: ['ci', '.'] },
  { name: 'boundaries', command: 'depcruise', args: ['--config', '.dependency-cruiser.cjs', ...ROOMS] },
  { name: 'generated files', command: 'npm', args: ['run', '--silent', 'gen:check'] },
  { name: 'language', command: 'node', args: ['scripts/test/house/check-language.ts'] },
  { name: 'sizes', command: 'node', args: ['scripts/test/house/check-sizes.ts'] },
  { name: 'unused code', command: 'knip', args: ['--no-progress', '--treat-config-hints-as-errors'] },
];

/** Runs a stage and shows its output only if it fails. */
export async function runStatic(stage: Stage): Promise<boolean> {
  const { code, output } = await capture(stage.command, stage.args);
  if (code !== 0) process.stdout.write(output);
  return code === 0;
}

function capture(command: string, args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const bin = path.join(root, 'node_modules', '.bin');
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => resolve({ code: 1, output: `${command}: ${error.message}\n` }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
