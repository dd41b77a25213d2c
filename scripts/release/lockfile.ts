/** The production packages of `package-lock.json`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

interface LockEntry {
  readonly name?: string;
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression; absent if the package names no licence. */
  readonly license: string | undefined;
  /** The hash of the package file, such as `sha512-…`. */
  readonly integrity: string | undefined;
  /** Relative to the root of the project. */
  readonly folder: string;
}

/** All packages that an installation without dev dependencies has. One name can have several versions. */
export function productionPackages(root: string): LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>;
  };
  return Object.entries(packages)
    .filter(([folder, { dev, devOptional }]) => folder !== '' && !dev && !devOptional)
    .map(([folder, { name, version, license, integrity }]) => ({
      name: name ?? folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      license,
      integrity,
      folder,
    }));
}
