import path from 'node:path';
import { StackError } from '../errors.ts';
import type { FetchContext } from './cache.ts';
import { unpackedPackages } from './debian.ts';
import { findOnPath } from './which.ts';

/** A program, and the folder of static files that Debian's build needs; null for a program of the machine. */
export interface PrometheusProgram {
  readonly command: string;
  readonly assets: string | null;
}

/** The path of promtool: that of the machine, or the one of Debian's package. Throws StackError if there is none. */
export async function findPromtool(context: FetchContext): Promise<string> {
  return (await find('promtool', context)).command;
}

/** The server: that of the machine, or the one of Debian's package. Throws StackError if there is none. */
export function findPrometheus(context: FetchContext): Promise<PrometheusProgram> {
  return find('prometheus', context);
}

async function find(program: 'promtool' | 'prometheus', context: FetchContext): Promise<PrometheusProgram> {
  const found = findOnPath(program);
  if (found) return { command: found, assets: null };
  if (!findOnPath('apt-get')) {
    throw new StackError(`There is no ${program} to fetch for this system: install Prometheus.`);
  }
  const home = await unpackedPackages(['prometheus'], context);
  return {
    command: path.join(home, 'usr/bin', program),
    assets: path.join(home, 'usr/share/prometheus/web'),
  };
}
