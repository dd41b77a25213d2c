/**
 * Settings that a running process follows. The files are read again every few seconds, and all settings are checked
 * together. A valid change replaces the snapshot as a whole. After an error the last good snapshot stays.
 */
import { createHash } from 'node:crypto';
import { AppError, errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import type { Metrics } from '../metrics/index.ts';
import type { Fields } from './load.ts';
import { withoutPassword } from './urls.ts';

export interface Live<T> {
  /**
   * The present values: a frozen object that is replaced as a whole. A value that did not change is the same object
   * as before. Read it once per request, batch or turn, and where the value is used.
   */
  readonly now: T;
  /** Calls `listener` after each change, with the present values. The returned function removes it. */
  onChange(listener: (now: T) => void): () => void;
}

export interface LiveConfig<T> extends Live<T> {
  /** Reads the settings again. Never throws. */
  poll(): void;
}

interface LiveConfigDeps {
  readonly fields: Fields;
  /** The settings at the start. */
  readonly initial: Readonly<Record<string, unknown>>;
  /** Reads all settings again. Throws CONFIG_INVALID. */
  readonly read: () => Readonly<Record<string, unknown>>;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'set'>;
}

/** The live settings among `fields`, as they are at the start. `poll` looks for changes. */
export function createLiveConfig<T>({ fields, initial, read, log, metrics }: LiveConfigDeps): LiveConfig<T> {
  const liveMembers = Object.keys(fields).filter((member) => fields[member]!.live);
  const pick = (values: Readonly<Record<string, unknown>>) =>
    Object.freeze(Object.fromEntries(liveMembers.map((member) => [member, values[member]])));
  const listeners = new Set<(now: T) => void>();
  const running: Record<string, unknown> = { ...initial };
  let now = pick(running);
  let lastFailure = '';
  let lastWaiting = '';

  /** Takes the new values that need no restart. Returns the variables that changed, and those that need one. */
  const take = (next: Readonly<Record<string, unknown>>) => {
    const changed: string[] = [];
    const waiting: string[] = [];
    for (const [member, field] of Object.entries(fields)) {
      if (isSame(running[member], next[member])) continue;
      if (field.needsRestart(running[member], next[member])) waiting.push(field.env);
      else {
        running[member] = next[member];
        changed.push(field.env);
      }
    }
    return { changed, waiting };
  };

  const show = (isOk: boolean, waiting: number): void => {
    metrics.set('config_reload_ok', isOk ? 1 : 0);
    metrics.set('config_restart_needed', waiting);
    metrics.set('config_hash', hashOf(fields, liveMembers, now));
  };

  const failed = (error: unknown): void => {
    metrics.set('config_reload_ok', 0);
    const problems = error instanceof AppError ? error.details['problems'] : errorMessage(error);
    const failure = JSON.stringify(problems);
    if (failure === lastFailure) return;
    lastFailure = failure;
    log.error({ problems }, 'the configuration cannot be read again; the last good one stays');
  };

  show(true, 0);
  return {
    get now() {
      return now as T;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    poll() {
      let next: Readonly<Record<string, unknown>>;
      try {
        next = read();
      } catch (error) {
        failed(error);
        return;
      }
      const { changed, waiting } = take(next);
      if (changed.length > 0) {
        now = pick(running);
        for (const listener of listeners) listener(now as T);
      }
      if (changed.length > 0 || lastFailure !== '')
        log.info({ changed }, 'the process uses the changed configuration');
      lastFailure = '';
      if (waiting.join() !== lastWaiting && waiting.length > 0)
        log.warn({ waiting }, 'changed settings need a restart; until then the process uses the old values');
      lastWaiting = waiting.join();
      show(true, waiting.length);
    },
  };
}

/**
 * A value that is made from settings, and made again only after they changed. `source` must return the same object
 * while they did not.
 */
export function derived<S, T>(source: () => S, make: (settings: S) => T): () => T {
  let from = source();
  let made = make(from);
  return () => {
    const present = source();
    if (present !== from) {
      made = make(present);
      from = present;
    }
    return made;
  };
}

function isSame(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b);
  return a.length === b.length && a.every((item, index) => Object.is(item, b[index]));
}

/** The first 48 bits of a hash over the live settings that are no secrets. Equal numbers mean equal settings. */
function hashOf(
  fields: Fields,
  members: readonly string[],
  values: Readonly<Record<string, unknown>>,
): number {
  const shown = members
    .filter((member) => !fields[member]!.secret)
    .map((member) => `${fields[member]!.env}=${withoutPassword(String(values[member]))}`);
  return Number.parseInt(
    createHash('sha256').update(shown.toSorted().join('\n')).digest('hex').slice(0, 12),
    16,
  );
}
