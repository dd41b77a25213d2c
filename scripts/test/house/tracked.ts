import { execFileSync } from 'node:child_process';

/** The files that git tracks below the working folder and that match `pattern`, without generated ones. */
export function trackedFiles(pattern: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', pattern], { encoding: 'utf8' });
  return listed.split('\0').filter((file) => file !== '' && !file.includes('/generated/'));
}
