/** The places in the repository that hold the one version of the product. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface Place {
  readonly file: string;
  /** Its groups are the text before the version, and the version. */
  readonly pattern: RegExp;
}

/** Written by hand. `npm run gen` copies the version into the OpenAPI and AsyncAPI documents. */
const places: readonly Place[] = [
  { file: 'package.json', pattern: /^( {2}"version": ")([^"]+)/m },
  { file: 'package-lock.json', pattern: /^( {2}"version": ")([^"]+)/m },
  { file: 'package-lock.json', pattern: /^(\s+"": \{\s+"name": "orderstream",\s+"version": ")([^"]+)/m },
  { file: 'services/ingestion/http/reference/openapi.ts', pattern: /^(const apiVersion = ')([^']+)/m },
  { file: 'docker/Dockerfile', pattern: /^(ARG VERSION=)(\S+)/m },
  { file: 'k8s/base/kustomization.yaml', pattern: /^(\s+app\.kubernetes\.io\/version: )(\S+)/m },
  { file: 'k8s/base/kustomization.yaml', pattern: /^(\s+newTag: )(\S+)/m },
  { file: 'k8s/base/setup-job.yaml', pattern: /^(\s+name: setup-)(\d\S*)/m },
];
const documents = ['services/ingestion/openapi.json', 'docs/topics/asyncapi.json'];

/** The version of the product: three numbers. @throws Error if package.json has none. */
export function currentVersion(root: string): string {
  return versionIn(root, places[0]!);
}

/** Each place with its version, also those of generated documents and of the newest section of the changelog. */
export function versionsIn(root: string): [place: string, version: string][] {
  return [
    ...places.map((place): [string, string] => [
      `${place.file} ${place.pattern.source}`,
      versionIn(root, place),
    ]),
    ...documents.map((file): [string, string] => [file, JSON.parse(read(root, file)).info.version]),
    ['CHANGELOG.md', /^## (\d[^,\s]*)/m.exec(read(root, 'CHANGELOG.md'))?.[1] ?? 'none'],
  ];
}

/** Writes the version into all places that people write. Returns the files. */
export function setVersion(root: string, version: string): string[] {
  for (const { file, pattern } of places) {
    const text = read(root, file).replace(pattern, (_all, before: string) => before + version);
    writeFileSync(path.join(root, file), text);
  }
  return [...new Set(places.map(({ file }) => file))];
}

/** Below 0 if `a` is the older version, above 0 if it is the newer one. Both are three numbers. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function versionIn(root: string, { file, pattern }: Place): string {
  const version = pattern.exec(read(root, file))?.[2];
  if (version === undefined) throw new Error(`${file} has no version at ${pattern}`);
  return version;
}

function read(root: string, file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}
