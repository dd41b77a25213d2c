/**
 * The bill of materials of a release: all production packages, in the format CycloneDX. `npm run sbom -- FILE` writes
 * it, without FILE to standard output.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { licenceOf } from './licences.ts';
import { type LockedPackage, productionPackages } from './lockfile.ts';

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly 'bom-ref': string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly { readonly license: { readonly id: string } }[];
}

interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * The bill of materials of the lockfile in `root`. Adds what npm does not know: the product is an application, and
 * licences that a person has read.
 *
 * npm lists all packages, and this function removes those of development. With `--omit=dev`, npm 11 leaves out each
 * package that is needed both in production and for development, such as avsc.
 *
 * @throws Error if npm fails
 */
export function makeSbom(root: string): Sbom {
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'];
  const text = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const all = JSON.parse(text) as Sbom;
  const { name } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { name: string };
  const packages = new Map(productionPackages(root).map((one) => [keyOf(one), one]));
  const own = all.metadata.component;
  const isListed = (key: string): boolean => packages.has(key) || key === own['bom-ref'];
  return {
    ...all,
    // npm takes the name of the folder.
    metadata: { ...all.metadata, component: { ...own, name, type: 'application' } },
    components: all.components
      .filter((component) => packages.has(keyOf(component)))
      .map((component) => withLicence(component, packages.get(keyOf(component))!)),
    dependencies: all.dependencies
      .filter(({ ref }) => isListed(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(isListed) })),
  };
}

function withLicence(component: Component, locked: LockedPackage): Component {
  const id = licenceOf(locked);
  if (component.licenses !== undefined || id === undefined) return component;
  return { ...component, licenses: [{ license: { id } }] };
}

/** One sentence for each package that only one of the two has, or whose hash differs. */
export function sbomFaults(sbom: Sbom, packages: readonly LockedPackage[]): string[] {
  const listed = new Map(sbom.components.map((component) => [keyOf(component), component]));
  const locked = new Map(packages.map((one) => [keyOf(one), one]));
  return [
    ...[...locked.keys()].filter((key) => !listed.has(key)).map((key) => `${key} is not in the list`),
    ...[...listed.keys()].filter((key) => !locked.has(key)).map((key) => `${key} is not in the lockfile`),
    ...[...locked]
      .filter(([key, { integrity }]) => listed.has(key) && hashOf(listed.get(key)!) !== integrity)
      .map(([key]) => `${key} has another hash`),
    ...[...listed]
      .filter(([, { licenses }]) => licenses === undefined)
      .map(([key]) => `${key} has no licence`),
  ];
}

function keyOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}@${version}`;
}

/** In the form of the lockfile. */
function hashOf({ hashes = [] }: Component): string | undefined {
  const [hash] = hashes;
  if (hash === undefined) return undefined;
  return `${hash.alg.toLowerCase().replace('-', '')}-${Buffer.from(hash.content, 'hex').toString('base64')}`;
}

if (import.meta.main) {
  const text = `${JSON.stringify(makeSbom(path.resolve(import.meta.dirname, '../..')), null, 2)}\n`;
  const file = process.argv[2];
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(file, text);
}
