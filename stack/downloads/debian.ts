/** Takes packages of Debian apart, without installing them. apt checks its signature and needs no root rights here. */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { StackError } from '../errors.ts';
import { cached, FETCH_DEADLINE_MS, type FetchContext } from './cache.ts';

const run = promisify(execFile);

/**
 * The folder with the files of the packages, in the versions of this Debian. Throws StackError on a system without apt,
 * or if a package cannot be fetched.
 */
export function unpackedPackages(names: readonly string[], context: FetchContext): Promise<string> {
  const label = names.join(', ');
  return cached({ folder: `debian-${names.join('+')}`, label }, async (draft) => {
    context.tell(`${label}: fetching from Debian`);
    const work = path.join(draft, '.apt');
    for (const folder of ['lists/partial', 'cache/archives/partial']) {
      mkdirSync(path.join(work, folder), { recursive: true });
    }
    const options = { cwd: work, signal: context.signal, timeout: FETCH_DEADLINE_MS };
    const apt = (...args: string[]) =>
      run(
        'apt-get',
        ['-o', `Dir::State::Lists=${work}/lists`, '-o', `Dir::Cache=${work}/cache`, ...args],
        options,
      );
    try {
      await apt('update');
      await apt('download', ...names);
      for (const file of readdirSync(work).filter((each) => each.endsWith('.deb'))) {
        await run('dpkg-deb', ['--extract', file, draft], options);
      }
    } catch (cause) {
      throw new StackError(`${label} could not be fetched from Debian: ${(cause as Error).message}`, {
        cause,
      });
    }
    rmSync(work, { recursive: true });
  });
}
