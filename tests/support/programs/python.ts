import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheDir } from '../../../stack/downloads/cache.ts';
import { withLock } from '../../../stack/lock.ts';

const run = promisify(execFile);
const INSTALL_DEADLINE_MS = 120_000;

/**
 * A Python with the packages of a requirements file. It is created once and cached by the file's hash.
 * Returns the path of its interpreter. Rejects without Python 3 or without a package index.
 */
export async function pythonWith(requirements: string, label: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const home = path.join(cacheDir(), `${label}-python-${hash}`);
  const lock = {
    file: `${home}.lock`,
    waitMs: INSTALL_DEADLINE_MS,
    refuse: () => new Error(`${home} is being made for too long`),
  };
  await withLock(lock, async () => {
    if (existsSync(home)) return;
    const draft = `${home}.part`;
    rmSync(draft, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', draft]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
    await run(path.join(draft, 'bin', 'python'), pip, { timeout: INSTALL_DEADLINE_MS });
    renameSync(draft, home);
  });
  return path.join(home, 'bin', 'python');
}
