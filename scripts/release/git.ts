import { execFileSync } from 'node:child_process';

/** The output of a git command, without its last line end. @throws Error with what git said */
export function git(root: string, ...args: string[]): string {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trimEnd();
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(`git ${args[0]}: ${stderr.trim() || (error as Error).message}`);
  }
}

/** Puts the branch and all files back to a commit. The release began there without local changes. */
export function restore(root: string, commit: string): void {
  git(root, 'reset', '--hard', '--quiet', commit);
}
