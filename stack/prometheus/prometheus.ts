/** A real Prometheus next to a local product. It scrapes each process and evaluates the rules of ops/rules. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FetchContext } from '../downloads/cache.ts';
import { findPrometheus, type PrometheusProgram } from '../downloads/prometheus.ts';
import { StackError } from '../errors.ts';
import { takenPorts } from '../ports.ts';
import { launch, logFile, runningProcess, stopProcess } from '../processes/processes.ts';
import { waitUntil } from '../wait.ts';
import { prometheusConfig, RULES_FOLDER, type ScrapeTarget } from './config.ts';

export interface PrometheusOptions extends FetchContext {
  /** The instance's folder, for data, configuration and log. */
  readonly dir: string;
  readonly port: number;
  readonly targets: readonly ScrapeTarget[];
  /** Time between two scrapes and two evaluations of the rules; 5 s if not given. */
  readonly everySeconds?: number;
}

export const PROMETHEUS = 'prometheus';
const FOLDER = 'prometheus';
const EVERY_SECONDS = 5;
const KEPT = '7d';
const READY_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 5_000;
const ASK_TIMEOUT_MS = 2_000;
const rules = path.resolve(import.meta.dirname, '../../ops/rules');

/**
 * Starts Prometheus on 127.0.0.1 and resolves with its address once it answers. A Prometheus that a killed run
 * left is stopped first. Throws StackError without a program, or if the port is taken.
 */
export async function startPrometheus(options: PrometheusOptions): Promise<string> {
  const { dir, port, signal } = options;
  const program = await findPrometheus(options);
  await stopProcess(dir, PROMETHEUS, STOP_DEADLINE_MS);
  if ((await takenPorts([port])).length > 0) {
    throw new StackError(`Port ${port} on 127.0.0.1, which Prometheus needs, is taken by another program.`);
  }
  writeFiles(options);
  await launch(dir, {
    name: PROMETHEUS,
    command: program.command,
    args: argumentsOf(program, port),
    cwd: path.join(dir, FOLDER),
  });
  const url = `http://127.0.0.1:${port}`;
  await waitUntil(() => askReady(url), {
    what: `Prometheus (log: ${logFile(dir, PROMETHEUS)})`,
    deadlineMs: READY_DEADLINE_MS,
    hopeless: () => (signal.aborted ? 'Interrupted.' : deadProcess(dir)),
  });
  return url;
}

/** The rules are copied, because the path of this project may contain characters of a file pattern. */
function writeFiles({ dir, targets, everySeconds = EVERY_SECONDS }: PrometheusOptions): void {
  const folder = path.join(dir, FOLDER);
  mkdirSync(path.join(folder, 'data'), { recursive: true });
  rmSync(path.join(folder, RULES_FOLDER), { recursive: true, force: true });
  cpSync(rules, path.join(folder, RULES_FOLDER), { recursive: true });
  writeFileSync(path.join(folder, 'prometheus.yml'), prometheusConfig(targets, everySeconds));
}

/** All paths are relative to the working folder. */
function argumentsOf({ assets }: PrometheusProgram, port: number): string[] {
  return [
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=data',
    `--storage.tsdb.retention.time=${KEPT}`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...(assets === null ? [] : [`--web.local-assets=${assets}`]),
  ];
}

async function askReady(url: string): Promise<void> {
  const response = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
  const text = await response.text();
  if (!response.ok) throw new StackError(text.trim() || `HTTP ${response.status}`);
}

function deadProcess(dir: string): string | null {
  if (runningProcess(dir, PROMETHEUS) !== null) return null;
  return `Prometheus ended while it was starting; its log is ${logFile(dir, PROMETHEUS)}.`;
}
