/**
 * Keeps the log lines of services during tests, and searches them afterwards. Each process writes one file in
 * the folder `ORDERSTREAM_TEST_LOGS`. Without this variable, lines are dropped.
 */
import { mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { neverLogged } from './planted.ts';

export const keptLogsVariable = 'ORDERSTREAM_TEST_LOGS';

let file: number | null | undefined;

/** Keeps one line of a service's log, with or without its line end. */
export function keepLine(line: string): void {
  file ??= openFile();
  if (file !== null) writeSync(file, line.endsWith('\n') ? line : `${line}\n`);
}

function openFile(): number | null {
  const dir = process.env[keptLogsVariable];
  if (!dir) return null;
  mkdirSync(dir, { recursive: true });
  return openSync(path.join(dir, `${process.pid}.ndjson`), 'a');
}

export interface LogSearch {
  readonly lines: number;
  /** Lines by the service that wrote them. */
  readonly services: Readonly<Record<string, number>>;
  /** The forbidden contents that were found, with their kind and the line. */
  readonly leaks: readonly { readonly what: string; readonly line: string }[];
}

/** Searches every kept line. */
export function searchKeptLogs(dir: string): LogSearch {
  const services: Record<string, number> = {};
  const leaks: { what: string; line: string }[] = [];
  let lines = 0;
  for (const name of filesOf(dir)) {
    for (const line of readFileSync(path.join(dir, name), 'utf8').split('\n')) {
      if (line === '') continue;
      lines += 1;
      const service = /"service":"([a-z-]+)"/.exec(line)?.[1] ?? 'other';
      services[service] = (services[service] ?? 0) + 1;
      for (const [what, form] of Object.entries(neverLogged)) if (form.test(line)) leaks.push({ what, line });
    }
  }
  return { lines, services, leaks };
}

function filesOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Services that must have logged in a whole test run, so that an empty search cannot pass. */
export const servicesSeen = ['ingestion', 'worker', 'projector', 'tests'] as const;
const linesMin = 300;

/** The faults of the logs of a whole run, as sentences. Empty if there are none. */
export function logFaults({ lines, services, leaks }: LogSearch): string[] {
  const unseen = servicesSeen.filter((service) => services[service] === undefined);
  return [
    ...(lines < linesMin ? [`only ${lines} log lines were kept`] : []),
    ...unseen.map((service) => `no log line of ${service} was kept`),
    ...leaks.slice(0, 10).map(({ what, line }) => `${what} in a log line: ${line.slice(0, 300)}`),
  ];
}
