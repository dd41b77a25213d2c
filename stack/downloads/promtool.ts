import path from 'node:path';
import { StackError } from '../errors.ts';
import type { FetchContext } from './cache.ts';
import { unpackedPackages } from './debian.ts';
import { findOnPath } from './which.ts';

/** The path of promtool: that of the machine, or the one of Debian's package. Throws StackError if there is none. */
export async function findPromtool(context: FetchContext): Promise<string> {
  const found = findOnPath('promtool');
  if (found) return found;
  if (!findOnPath('apt-get')) {
    throw new StackError('There is no promtool to fetch for this system: install Prometheus.');
  }
  return path.join(await unpackedPackages(['prometheus'], context), 'usr/bin/promtool');
}
