import path from 'node:path';
import { StackError } from '../errors.ts';
import type { FetchContext } from './cache.ts';
import { unpacked } from './debian.ts';
import { versions } from './versions.ts';
import { findOnPath } from './which.ts';

const file = 'usr/bin/promtool';

/** The path of promtool: that of the machine, or the one of a Debian package. Throws StackError if there is none. */
export async function findPromtool(context: FetchContext): Promise<string> {
  const found = findOnPath('promtool');
  if (found) return found;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new StackError('There is no promtool to fetch for this system: install Prometheus.');
  }
  const { version, urls, sha256, downloadMb } = versions.prometheus;
  const source = { label: 'Prometheus', version, megabytes: downloadMb, urls, sha256, files: [file] };
  return path.join(await unpacked(source, context), file);
}
