/** The model subscribers of docs/samples as programs that can be run; what they need is fetched once, into the cache. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheDir, fetched, plugin } from '../../stack/maven.ts';
import { findOnPath } from '../../stack/which.ts';
import type { Missing } from './missing.ts';
import { pythonWith } from './python.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..', '..');
const samples = path.join(root, 'docs', 'samples');
const FETCH_DEADLINE_MS = 120_000;
const RUN_DEADLINE_MS = 120_000;

/** Command and arguments, or why there is none on this machine. */
export type Program = { command: string; args: string[] } | Missing;

export interface Counted {
  positions: Record<string, number>;
  from: Record<string, number>;
  counts: Record<string, number>;
  total: number;
  repeats: number;
}

export const programs: Readonly<Record<string, () => Promise<Program>>> = {
  TypeScript: async () => ({
    command: process.execPath,
    args: [path.join(samples, 'typescript', 'outcome-counter.ts')],
  }),
  Python: () => unlessFailed(python),
  Java: () => unlessFailed(java),
  Go: () => unlessFailed(go),
};

/** One run of a sample to its end. `stateFile` outlives it, so that the next run goes on. */
export async function runSample(
  program: Exclude<Program, Missing>,
  options: { env: Record<string, string>; args: string[] },
): Promise<Counted> {
  const { stdout } = await run(program.command, [...program.args, ...options.args], {
    cwd: root,
    env: { ...process.env, ...options.env },
    timeout: RUN_DEADLINE_MS,
  });
  return JSON.parse(stdout) as Counted;
}

/** A folder for state files, and how to remove it. */
export function stateFolder(): { file(name: string): string; remove(): void } {
  const dir = mkdtempSync(path.join(tmpdir(), 'os-samples-'));
  return {
    file: (name) => path.join(dir, `${name}.json`),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

async function unlessFailed(make: () => Promise<Program>): Promise<Program> {
  try {
    return await make();
  } catch (error) {
    // No such tool, and nowhere to fetch it from: the test says so.
    return {
      missing: error instanceof Error ? error.message.split('\n').slice(0, 2).join(' ') : String(error),
    };
  }
}

async function python(): Promise<Program> {
  const requirements = path.join(samples, 'python', 'requirements.txt');
  const script = path.join(samples, 'python', 'outcome_counter.py');
  return { command: await pythonWith(requirements, 'samples'), args: [script] };
}

async function java(): Promise<Program> {
  const java = findJdk();
  const pom = path.join(samples, 'java', 'pom.xml');
  const folder = `samples-java-${hashOf(pom)}`;
  const jars = await fetched(
    {
      folder,
      label: 'the libraries of the Java sample',
      megabytes: 20,
      landsIn: null,
      mavenArgs: (into) => ['-f', pom, plugin('copy-dependencies'), `-DoutputDirectory=${into}`],
    },
    { tell: () => undefined, signal: AbortSignal.timeout(FETCH_DEADLINE_MS) },
  );
  const source = path.join(samples, 'java', 'OutcomeCounter.java');
  return { command: java, args: ['-XX:TieredStopAtLevel=1', '-cp', path.join(jars, '*'), source] };
}

/** The sample is run from its source, which a JRE cannot do. */
function findJdk(): string {
  const home = process.env['JAVA_HOME'];
  const folders = home ? [path.join(home, 'bin')] : [];
  const javac = findOnPath('javac', folders);
  if (javac === null) throw new Error('no JDK is on this machine: there is no javac on PATH or in JAVA_HOME');
  return path.join(path.dirname(javac), 'java');
}

async function go(): Promise<Program> {
  const folder = path.join(samples, 'go');
  const binary = path.join(cacheDir(), `samples-go-${hashOf(path.join(folder, 'go.sum'))}`);
  // Built each time, as Go knows best what has changed; its own cache makes that quick.
  await run(await findGo(), ['build', '-o', binary, '.'], { cwd: folder, timeout: FETCH_DEADLINE_MS });
  return { command: binary, args: [] };
}

/** The machine's Go, from where its installer puts it too; else the one that a Python package carries. */
async function findGo(): Promise<string> {
  const found = findOnPath('go', ['/usr/local/go/bin', '/usr/lib/go/bin']);
  if (found) return found;
  const python = await pythonWith(path.join(root, 'tests', 'support', 'go', 'requirements.txt'), 'go');
  return path.join(path.dirname(python), 'go');
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);
}
