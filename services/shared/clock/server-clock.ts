/**
 * The time of the database in each process: the process's monotonic clock plus a measured offset. All processes
 * of an installation share this time, whatever the wall clocks of their machines show.
 *
 * A measurement gives two bounds for the offset. The database read its clock after the query was sent and
 * before the answer arrived. The offset moves only as far as these bounds require, so a slow answer does no
 * harm.
 */
import { errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { type Clock, systemClock } from './system-clock.ts';

export interface ServerClock extends Clock {
  /**
   * Epoch ms by the clock of the database, a whole number. The call costs no I/O. Before the first measurement,
   * it returns the wall time of this machine. Afterwards the time never goes back, except after a step back of
   * the database's clock by more than 10 s.
   */
  nowMs(): number;
  /** Like `nowMs`, but never the wall time. Measures first if no measurement exists. Rejects like `measure`. */
  knownMs(): Promise<number>;
  /** Measures now. Rejects like `readNowMs`, and then keeps the offset. */
  measure(): Promise<void>;
  /** Ends the measurements. */
  stop(): void;
}

interface ServerClockDeps {
  /** The time of the database, epoch ms. */
  readNowMs(): Promise<number>;
  log: Logger;
  metrics: Pick<Metrics, 'set'>;
  /** Interval between measurements. */
  everyMs?: number;
  /** The clock of this machine. */
  local?: Clock;
}

const everyMsDefault = 10_000;
/** The interval until the first measurement succeeds. */
const firstEveryMs = 1_000;
/** The database gives whole milliseconds, rounded down. */
const resolutionMs = 1;
/**
 * After a step back up to this size, this clock stops until the database catches up. It follows a larger step
 * at once.
 */
const standstillMaxMs = 10_000;
/** The clock reports a larger difference of the machine's wall clock. */
const wallDiffersMs = 1_000;

/** Measures every `everyMs`, until `stop`. A caller that needs the time of the database at once awaits `measure`. */
export function startServerClock(deps: ServerClockDeps): ServerClock {
  const { readNowMs, log, everyMs = everyMsDefault, local = systemClock } = deps;
  const reportWall = createWallReport(deps);
  let offsetMs: number | null = null;
  let latestMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const take = (lowMs: number, highMs: number): void => {
    const before = offsetMs ?? (lowMs + highMs) / 2;
    offsetMs = Math.min(Math.max(before, lowMs), highMs);
    const stepMs = Math.round(offsetMs - before);
    const nowMs = local.monotonicMs() + offsetMs;
    if (latestMs - nowMs > standstillMaxMs) latestMs = Number.NEGATIVE_INFINITY;
    if (Math.abs(stepMs) > wallDiffersMs) log.warn({ stepMs }, 'the clock of the database was changed');
    reportWall(local.nowMs() - nowMs, highMs - lowMs);
  };

  const measure = async (): Promise<void> => {
    const sentMs = local.monotonicMs();
    const serverMs = await readNowMs();
    take(serverMs - local.monotonicMs(), serverMs + resolutionMs - sentMs);
  };

  const plan = (): void => {
    if (stopped) return;
    timer = setTimeout(
      () => {
        measure()
          .catch((error: unknown) =>
            log.debug({ reason: errorMessage(error) }, 'the clock of the database could not be read'),
          )
          .finally(plan);
      },
      offsetMs === null ? Math.min(firstEveryMs, everyMs) : everyMs,
    );
    timer.unref();
  };
  plan();

  const nowMs = (): number => {
    if (offsetMs === null) return local.nowMs();
    latestMs = Math.max(latestMs, Math.floor(local.monotonicMs() + offsetMs));
    return latestMs;
  };

  return {
    nowMs,
    async knownMs() {
      if (offsetMs === null) await measure();
      return nowMs();
    },
    monotonicMs: local.monotonicMs,
    measure,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/**
 * Reports the difference between this machine's wall clock and the database. The metric shows it always, the
 * log only changes of it.
 */
function createWallReport({ log, metrics }: ServerClockDeps): (aheadMs: number, unsureMs: number) => void {
  let reportedMs = 0;
  return (aheadMs, unsureMs) => {
    metrics.set('clock_ahead_seconds', aheadMs / 1_000);
    if (Math.abs(aheadMs - reportedMs) - unsureMs <= wallDiffersMs) return;
    const isWrong = Math.abs(aheadMs) > wallDiffersMs;
    reportedMs = isWrong ? aheadMs : 0;
    const details = { aheadMs: Math.round(aheadMs) };
    if (isWrong)
      log.warn(
        details,
        'the clock of this machine differs from the database; the process uses the time of the database',
      );
    else log.info(details, 'the clock of this machine agrees with the database again');
  };
}
