/** Takes a package of Debian apart, without installing it. apt checks its signature and needs no root rights here. */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { StackError } from '../errors.ts';
import { cached, FETCH_DEADLINE_MS, type FetchContext } from './cache.ts';

const run = promisify(execFile);

/**
 * The folder with the files of the package, in the version of this Debian. Throws StackError on a system without apt, or
 * if the package cannot be fetched.
 */
export function unpackedPackage(name: string, context: FetchContext): Promise<string> {
  return cached({ folder: `debian-${name}`, label: name }, async (draft) => {
    context.tell(`${name}: fetching the Debian package`);
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
      await apt('download', name);
      const file = readdirSync(work).find((each) => each.endsWith('.deb'));
      await run('dpkg-deb', ['--extract', file!, draft], options);
    } catch (cause) {
      throw new StackError(`The Debian package ${name} could not be fetched: ${(cause as Error).message}`, {
        cause,
      });
    }
    rmSync(work, { recursive: true });
  });
}
