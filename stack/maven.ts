import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify, stripVTControlCharacters } from 'node:util';
import { StackError } from './errors.ts';
import { withLock } from './lock.ts';
import { versions } from './versions.ts';

/** Something that Maven can fetch, and the folder of the cache that it lands in, unpacked. */
export interface Download {
  folder: string;
  label: string;
  megabytes: number;
  /** Maven's own arguments; `into` is an empty folder, `pom` a file that may be written for it. */
  mavenArgs: (into: string, pom: (dependencies: readonly string[]) => string) => string[];
}

export type Tell = (line: string) => void;

const run = promisify(execFile);
const FETCH_DEADLINE_MS = 15 * 60_000;
const TELL_EVERY_MS = 2_000;

export const plugin = (goal: string): string =>
  `org.apache.maven.plugins:maven-dependency-plugin:${versions.mavenDependencyPlugin}:${goal}`;

export function cacheDir(): string {
  return path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'orderstream');
}

/** Path of a Java that is new enough; one clear sentence otherwise. */
export async function findJava(): Promise<string> {
  const home = process.env['JAVA_HOME'];
  const command =
    home && existsSync(path.join(home, 'bin', 'java')) ? path.join(home, 'bin', 'java') : 'java';
  const wanted = versions.java.minimumMajor;
  const { stderr } = await run(command, ['-version']).catch((cause) => {
    throw new StackError(
      `Java ${wanted} or newer is needed for Kafka and was not found; install a JRE ${wanted}+.`,
      { cause },
    );
  });
  const found = /version "(\d+)(?:\.(\d+))?/.exec(stderr);
  const major = found?.[1] === '1' ? Number(found[2]) : Number(found?.[1] ?? 0);
  if (major < wanted) {
    throw new StackError(
      `Java ${wanted} or newer is needed for Kafka; the one found here is ${major || 'of an unknown version'}.`,
    );
  }
  return command;
}

/** The folder with the unpacked download, fetched first when it is missing; two runs at a time fetch once. */
export async function fetched(download: Download, tell: Tell): Promise<string> {
  const target = path.join(cacheDir(), download.folder);
  if (existsSync(target)) return target;
  const lock = {
    file: `${target}.lock`,
    waitMs: FETCH_DEADLINE_MS,
    refuse: (pid: number) =>
      new StackError(`Process ${pid} has been fetching ${download.label} for too long.`),
  };
  return withLock(lock, async () => {
    if (existsSync(target)) return target;
    const draft = `${target}.part`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await fetchInto(draft, download, tell);
    renameSync(draft, target);
    return target;
  });
}

async function fetchInto(draft: string, download: Download, tell: Tell): Promise<void> {
  await run('mvn', ['-v']).catch((cause) => {
    throw new StackError(
      `Maven (mvn) is needed to fetch ${download.label} and was not found; install it, or set the server's URL.`,
      { cause },
    );
  });
  const startedMs = performance.now();
  tell(`${download.label}: fetching about ${download.megabytes} MB`);
  const pom = (dependencies: readonly string[]): string =>
    writePom(path.join(draft, 'pom.xml'), dependencies);
  await runMaven(download, draft, download.mavenArgs(draft, pom), tell);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the plugin leaves a folder of this very name.
  rmSync(path.join(draft, '${project.basedir}'), { recursive: true, force: true });
  rmSync(path.join(draft, 'pom.xml'), { force: true });
  tell(`${download.label}: fetched in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}

/** Runs Maven and turns its "Downloaded … (n MB at m MB/s)" lines and the bytes on disk into progress. */
function runMaven(download: Download, draft: string, args: string[], tell: Tell): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('mvn', ['-B', '-ntp', ...args], {
      // Without a pom, the plugin makes a folder of its own in the working directory.
      cwd: draft,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), FETCH_DEADLINE_MS);
    const startedMs = performance.now();
    const ticker = setInterval(
      () =>
        tell(`${download.label}: still fetching, ${Math.round((performance.now() - startedMs) / 1000)} s`),
      TELL_EVERY_MS,
    );
    const failures: string[] = [];
    const onLine = (line: string): void => {
      const text = stripVTControlCharacters(line);
      if (text.startsWith('[ERROR]')) failures.push(text.slice('[ERROR] '.length));
    };
    createInterface({ input: child.stdout }).on('line', onLine);
    createInterface({ input: child.stderr }).on('line', onLine);
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      clearInterval(ticker);
      if (error) reject(error);
      else resolve();
    };
    child.once('error', (cause) =>
      settle(new StackError(`Maven could not be started: ${cause.message}.`, { cause })),
    );
    child.once('close', (code) =>
      settle(
        code === 0
          ? undefined
          : new StackError(
              `${download.label} could not be fetched: ${failures[0] ?? `Maven ended with ${code}`}`,
            ),
      ),
    );
  });
}

function writePom(file: string, dependencies: readonly string[]): string {
  const entries = dependencies.map((coordinate) => {
    const [group, artifact, version] = coordinate.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  writeFileSync(
    file,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>orderstream</groupId><artifactId>stack</artifactId><version>1</version>
<dependencies>${entries.join('\n')}</dependencies></project>
`,
  );
  return file;
}
