/** The licences that production packages may have. */
import type { LockedPackage } from './lockfile.ts';

/** Each allows use, change and distribution with a notice, and asks for no source. As SPDX identifiers. */
const allowed: ReadonlySet<string> = new Set([
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]);

/** Packages that name no licence in their package.json. A person read the licence file of exactly this version. */
const readByHand: Readonly<Record<string, string>> = {
  '@kafkajs/confluent-schema-registry@4.1.0': 'MIT',
};

/** The SPDX expression of a package; undefined if nobody knows it. */
export function licenceOf({ name, version, license }: LockedPackage): string | undefined {
  return license ?? readByHand[`${name}@${version}`];
}

/** One sentence for each package whose licence is not allowed or unknown. */
export function licenceFaults(packages: readonly LockedPackage[]): string[] {
  return packages.flatMap((one) => {
    const licence = licenceOf(one);
    if (licence === undefined) return [`${one.name}@${one.version} names no licence`];
    return isAllowed(licence) ? [] : [`${one.name}@${one.version} has the licence ${licence}`];
  });
}

/** Of alternatives one must be allowed, and of licences that hold together each one. The rest is for a person to read. */
function isAllowed(expression: string): boolean {
  return expression
    .replace(/^\(([^()]*)\)$/, '$1')
    .split(' OR ')
    .some((alternative) => alternative.split(' AND ').every((licence) => allowed.has(licence)));
}
