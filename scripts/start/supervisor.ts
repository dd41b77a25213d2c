import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import {
  askReady,
  forgetProcess,
  identify,
  logFile,
  recordProcess,
  serviceStopRank,
  stopProcess,
  waitUntil,
} from '../../stack/index.ts';
import { compileCache } from './compile-cache.ts';
import { logTail } from './log-tail.ts';
import type { ServiceSpec } from './services.ts';

/**
 * Keeps the services running. Each child has one of three states:
 *
 *   running ──(ends by itself)──► waiting ──(back-off)──► running
 * └───────────(stop)────────────┴──────► stopped, permanently
 *
 * The back-off doubles from 0.25 s to 10 s and starts again once a child has run for 30 s.
 */
export interface Supervisor {
  /** Starts all services and resolves when each is ready. A StackError names a service that is not. */
  start(specs: ServiceSpec[], signal: AbortSignal): Promise<void>;
  /**
   * Ends ingestion first, then the workers, then the rest, in the order of stack/services.ts. You can call it
   * at any time.
   */
  stop(): Promise<void>;
}

interface Child {
  spec: ServiceSpec;
  process: ChildProcess | null;
  timer: NodeJS.Timeout | null;
  failures: number;
  startedMs: number;
}

const root = path.resolve(import.meta.dirname, '..', '..');
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 10_000;
const HEALTHY_AFTER_MS = 30_000;
const READY_DEADLINE_MS = 30_000;
/** After this many failures, the supervisor stops waiting for a service that cannot start. */
const START_FAILURES_MAX = 5;
/** One deadline for each of the three ranks of stack/services.ts, so 6 s in the worst case. */
const STOP_DEADLINE_MS = 2_000;
const LAST_RANK = 99;

export function createSupervisor(dir: string, tell: (line: string) => void): Supervisor {
  const children = new Map<string, Child>();
  let stopping = false;

  function run(child: Child): void {
    mkdirSync(path.join(dir, 'logs'), { recursive: true });
    const out = openSync(logFile(dir, child.spec.name), 'a');
    child.startedMs = performance.now();
    child.process = spawn(process.execPath, [child.spec.entry], {
      cwd: root,
      env: { NODE_COMPILE_CACHE: compileCache, ...process.env, ...child.spec.env },
      // The child has its own session. So Ctrl-C reaches only this process, which stops the services in order.
      detached: true,
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    const id = identify(child.process.pid ?? 0);
    if (id) recordProcess(dir, child.spec.name, id);
    child.process.once('error', (error) => tell(`${child.spec.name}: ${error.message}`));
    child.process.once('exit', (code, signal) => ended(child, signal ?? `code ${code}`));
  }

  function ended(child: Child, how: string): void {
    child.process = null;
    forgetProcess(dir, child.spec.name);
    if (stopping) return;
    if (performance.now() - child.startedMs > HEALTHY_AFTER_MS) child.failures = 0;
    const delayMs = Math.min(BACKOFF_FIRST_MS * 2 ** child.failures, BACKOFF_MAX_MS);
    child.failures += 1;
    tell(`${child.spec.name} ended (${how}); starting it again in ${delayMs / 1000} s`);
    child.timer = setTimeout(() => run(child), delayMs);
  }

  function crashes(name: string): string | null {
    const failures = children.get(name)?.failures ?? 0;
    return failures < START_FAILURES_MAX ? null : `${name} ended ${failures} times while it was starting.`;
  }

  async function ready(spec: ServiceSpec, signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    await waitUntil(() => askReady(spec.adminUrl), {
      what: `GET /readyz of ${spec.name}`,
      deadlineMs: READY_DEADLINE_MS,
      hopeless: () => (signal.aborted ? 'Interrupted.' : crashes(spec.name)),
    }).catch((error) => {
      for (const line of logTail(logFile(dir, spec.name))) tell(`${spec.name}: ${line}`);
      throw error;
    });
    tell(`${spec.name}: ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  }

  return {
    async start(specs, signal) {
      for (const spec of specs) {
        const child: Child = { spec, process: null, timer: null, failures: 0, startedMs: 0 };
        children.set(spec.name, child);
        run(child);
      }
      await Promise.all(specs.map((spec) => ready(spec, signal)));
    },
    async stop() {
      stopping = true;
      for (const child of children.values()) if (child.timer) clearTimeout(child.timer);
      const ranks = Map.groupBy(children.keys(), (name) => serviceStopRank(name) ?? LAST_RANK);
      for (const [, names] of [...ranks].toSorted(([a], [b]) => a - b)) {
        const results = await Promise.all(names.map((name) => stopProcess(dir, name, STOP_DEADLINE_MS)));
        for (const [index, result] of results.entries()) {
          if (result === 'killed')
            tell(`${names[index]} did not stop within ${STOP_DEADLINE_MS / 1000} s and was killed`);
        }
      }
    },
  };
}
