/** The worker of an earlier commit, in a separate folder, so that both can run at once. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface OlderBuild {
  /** Short id of the commit. */
  readonly commit: string;
  /** Path of its `services/worker/main.ts`. */
  readonly entry: string;
  remove(): void;
}

const root = path.join(import.meta.dirname, '../../../..');
/** The files of a worker. */
const workerPaths = [
  'services/worker',
  'services/domain',
  'services/orders-db',
  'services/shared',
  'schemas',
  'topics',
];
const archiveBytesMax = 64 * 1024 * 1024;

/**
 * Extracts the worker of `ref`, or of the newest commit whose worker differs from the current one. The
 * extracted worker uses the installed packages of this checkout. Throws if the history does not reach that
 * far.
 */
export function layOutOlderBuild(ref: string | undefined): OlderBuild {
  const commit = git('rev-parse', '--short', ref ?? newestDiffering()).trim();
  const dir = mkdtempSync(path.join(tmpdir(), 'orderstream-older-'));
  const tar = execFileSync('git', ['archive', commit], { cwd: root, maxBuffer: archiveBytesMax });
  execFileSync('tar', ['-x', '-C', dir], { input: tar });
  symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));
  return {
    commit,
    entry: path.join(dir, 'services/worker/main.ts'),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** The parent of the last commit that changed a worker's code, not only its tests. */
function newestDiffering(): string {
  const code = [...workerPaths, ':(exclude)**/*.test.ts'];
  const last = git('log', '-1', '--format=%H', '--', ...code).trim();
  if (last === '') throw new Error('the history holds no other version of the worker; name one');
  return `${last}^`;
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' });
}
