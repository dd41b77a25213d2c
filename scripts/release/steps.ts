/** The steps of a release, in their order. Checks and look-ups come first, so that a refusal changes nothing. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { baseImages, lookUpAll, pinned } from './base-images.ts';
import { releaseSection } from './changelog.ts';
import { git } from './git.ts';
import { licenceFaults } from './licences.ts';
import { productionPackages } from './lockfile.ts';
import { makeSbom, sbomFaults } from './sbom.ts';
import { compareVersions, currentVersion, setVersion } from './versions.ts';

export interface Release {
  readonly root: string;
  readonly version: string;
  /** As `2026-11-30`. */
  readonly date: string;
  /** The commit that the release builds on. */
  readonly start: string;
  readonly isDryRun: boolean;
  readonly mirror: string | undefined;
  /** Digests of the base images by tag, once they were looked up. */
  readonly digests: Map<string, string>;
}

type Lines = readonly string[];

interface Step {
  readonly name: string;
  /** Checks that the step can run, and says what it will do. Changes nothing. @throws Error if it cannot run */
  plan(release: Release): Lines | Promise<Lines>;
  run?(release: Release): Lines | Promise<Lines>;
}

const dockerfile = 'docker/Dockerfile';
const proto = 'schemas/proto/orderstream';
/** The copy that clients hold. */
const releasedProto = 'schemas/proto-released/orderstream';
/** Files for the page of the release. They are not in the repository. */
const outputFolder = 'dist';

export const steps: readonly Step[] = [
  { name: 'check the repository', plan: checkRepository },
  { name: 'check licences and packages', plan: checkPackages },
  { name: 'look up the base images', plan: lookUpImages },
  {
    name: 'set the version',
    plan: ({ root, version }) => [`${currentVersion(root)} -> ${version}`],
    run: ({ root, version }) => [setVersion(root, version).join(', ')],
  },
  {
    name: 'date the section of CHANGELOG.md',
    plan: ({ root, version, date }) => {
      releaseSection(read(root, 'CHANGELOG.md'), version, date);
      return [`## ${version}, ${date}`];
    },
    run: ({ root, version, date }) => {
      write(root, 'CHANGELOG.md', releaseSection(read(root, 'CHANGELOG.md'), version, date));
      return [];
    },
  },
  {
    name: 'pin the base images',
    plan: ({ digests }) => [...digests].map(([image, digest]) => `${image}@${digest}`),
    run: ({ root, digests }) => {
      write(root, dockerfile, pinned(read(root, dockerfile), digests));
      return [];
    },
  },
  {
    name: 'release the contracts',
    plan: () => [
      ...contractCommands.map((command) => command.join(' ')),
      `copy ${proto} to ${releasedProto}`,
    ],
    run: ({ root }) => {
      for (const command of contractCommands) execute(root, command);
      cpSync(path.join(root, proto), path.join(root, releasedProto), { recursive: true });
      return [];
    },
  },
  {
    name: 'write the bill of materials',
    plan: ({ version }) => [sbomFile(version)],
    run: ({ root, version }) => {
      mkdirSync(path.join(root, outputFolder), { recursive: true });
      write(root, sbomFile(version), `${JSON.stringify(makeSbom(root), null, 2)}\n`);
      return [];
    },
  },
  {
    name: 'commit and tag',
    plan: ({ version }) => [`commit "Release ${version}"`, `tag v${version}`],
    run: ({ root, version }) => {
      git(root, 'commit', '--all', '--quiet', '--message', `Release ${version}`);
      git(root, 'tag', '--annotate', `v${version}`, '--message', `Release ${version}`);
      return [git(root, 'rev-parse', 'HEAD')];
    },
  },
  {
    name: 'then, by hand',
    plan: ({ version }) => [
      `git push origin HEAD v${version}`,
      `docker build -f ${dockerfile} --build-arg VERSION=${version} --build-arg REVISION=$(git rev-parse v${version}) -t orderstream:${version} .`,
    ],
  },
];

/** Documents first, because the released copy of the API is made from the code of this version. */
const contractCommands: readonly (readonly [string, ...string[]])[] = [
  ['npm', 'run', '--silent', 'gen'],
  ['npm', 'run', '--silent', 'release:openapi'],
  ['node', 'schemas/tools/release.ts'],
  ['node_modules/.bin/buf', 'breaking', 'schemas/proto', '--against', 'schemas/proto-released'],
];

function checkRepository({ root, version, start }: Release): Lines {
  const changes = git(root, 'status', '--porcelain');
  if (changes !== '') throw new Error(`there are local changes:\n${changes}`);
  if (git(root, 'tag', '--list', `v${version}`) !== '') throw new Error(`the tag v${version} exists`);
  const current = currentVersion(root);
  if (compareVersions(version, current) < 0) throw new Error(`${version} is older than ${current}`);
  return [`at ${start}, without local changes`];
}

function checkPackages({ root }: Release): Lines {
  const packages = productionPackages(root);
  const faults = [...licenceFaults(packages), ...sbomFaults(makeSbom(root), packages)];
  if (faults.length > 0) throw new Error(faults.join('; '));
  return [`${packages.length} production packages`];
}

async function lookUpImages({ root, mirror, digests }: Release): Promise<Lines> {
  const found = await lookUpAll(baseImages(read(root, dockerfile)), mirror);
  for (const [image, digest] of found) digests.set(image, digest);
  return [...found].map(([image, digest]) => `${image} is ${digest}`);
}

function sbomFile(version: string): string {
  return `${outputFolder}/orderstream-${version}.cdx.json`;
}

function execute(root: string, [program, ...args]: readonly [string, ...string[]]): void {
  try {
    execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')}:\n${stdout}${stderr}`.trim());
  }
}

function read(root: string, file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

function write(root: string, file: string, text: string): void {
  writeFileSync(path.join(root, file), text);
}
