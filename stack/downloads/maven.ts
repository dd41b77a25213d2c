import { execFile, spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify, stripVTControlCharacters } from 'node:util';
import { StackError } from '../errors.ts';
import { type LockOptions, withLock } from '../lock.ts';
import { cacheDir, cached, FETCH_DEADLINE_MS, type FetchContext } from './cache.ts';
import { createDownloadMeter } from './download-meter.ts';
import { versions } from './versions.ts';

/** A download by Maven, and the folder in the cache where it is unpacked. */
export interface Download {
  folder: string;
  label: string;
  megabytes: number;
  /**
   * The folder of Maven's repository in which one large file grows, to show progress. Null if there are many
   * files.
   */
  landsIn: string | null;
  /** Maven's arguments. `into` is an empty folder. `pom` writes a pom with these dependencies into it. */
  mavenArgs: (into: string, pom: (dependencies: readonly string[]) => string) => string[];
}

const run = promisify(execFile);
const TELL_EVERY_MS = 3_000;

export const plugin = (goal: string): string =>
  `org.apache.maven.plugins:maven-dependency-plugin:${versions.mavenDependencyPlugin}:${goal}`;

/**
 * Returns the folder with the unpacked download. Downloads it first if it is missing. Two concurrent runs
 * download once.
 */
export function fetched(download: Download, context: FetchContext): Promise<string> {
  return cached(download, (draft) =>
    withLock(mavenLock(download), () => fetchInto(draft, download, context)),
  );
}

/** Only one Maven runs at a time. Several would download the same plugins into the same repository. */
function mavenLock(download: Download): LockOptions {
  return {
    file: path.join(cacheDir(), 'maven.lock'),
    waitMs: FETCH_DEADLINE_MS,
    refuse: (pid) => new StackError(`${download.label} waited too long for the download of process ${pid}.`),
  };
}

async function fetchInto(draft: string, download: Download, context: FetchContext): Promise<void> {
  await run('mvn', ['-v']).catch((cause) => {
    throw new StackError(
      `Maven (mvn) is needed to fetch ${download.label} and was not found. Install it, or set the server's URL.`,
      { cause },
    );
  });
  const startedMs = performance.now();
  context.tell(`${download.label}: fetching about ${download.megabytes} MB`);
  const pom = (dependencies: readonly string[]): string =>
    writePom(path.join(draft, 'pom.xml'), dependencies);
  await runMaven(download, draft, download.mavenArgs(draft, pom), context);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the plugin leaves a folder of this very name.
  rmSync(path.join(draft, '${project.basedir}'), { recursive: true, force: true });
  rmSync(path.join(draft, 'pom.xml'), { force: true });
  context.tell(`${download.label}: fetched in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}

function runMaven(download: Download, draft: string, args: string[], context: FetchContext): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('mvn', ['-B', ...args], {
      // Without a pom, the plugin creates its own folder in the working directory.
      cwd: draft,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(FETCH_DEADLINE_MS)]),
    });
    const meter = createDownloadMeter(download);
    const ticker = setInterval(() => context.tell(meter.progress()), TELL_EVERY_MS);
    const failures: string[] = [];
    const onLine = (line: string): void => {
      const text = stripVTControlCharacters(line);
      meter.read(text);
      if (text.startsWith('[ERROR]')) failures.push(text.slice('[ERROR] '.length));
    };
    createInterface({ input: child.stdout }).on('line', onLine);
    createInterface({ input: child.stderr }).on('line', onLine);
    child.once('error', (cause) => {
      clearInterval(ticker);
      reject(new StackError(`${download.label} was not fetched: ${cause.message}.`, { cause }));
    });
    child.once('close', (code) => {
      clearInterval(ticker);
      if (code === 0) return resolve();
      const why = failures[0]?.replace(/ -> \[Help.*/, '') ?? `Maven ended with exit code ${code}.`;
      reject(new StackError(`${download.label} could not be fetched: ${why}`));
    });
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
