/**
 * Starts the reconciliation service. One instance follows the logs and searches for differences. The others are on
 * standby.
 */
import { startServerClock, systemClock } from '../shared/clock/index.ts';
import type { Running, ServiceContext } from '../shared/lifecycle/index.ts';
import { createMysql, readNowMs } from '../shared/mysql/index.ts';
import type { fields } from './config.ts';
import { createHealth } from './running/health.ts';
import { keepWorking } from './running/keep-working.ts';
import { takeLeadership } from './running/leadership.ts';
import { startWork } from './running/work.ts';

/** Reads have a low priority, so they get more time and few connections. */
const queryTimeoutMs = 30_000;
const poolSize = 6;
/**
 * How long the leader may send nothing before the server ends its session. The leader loses its memory with the
 * lock. If its process dies, the server releases the lock at once.
 */
const leaderWaitTimeoutSeconds = 30;

/** Starts at once on standby. The work begins when this instance leads. */
export async function startReconciliation(context: ServiceContext<typeof fields>): Promise<Running> {
  const { live, log, metrics, signal, fatal, lifecycle } = context;
  const mysql = createMysql({ url: () => live.now.mysqlUrl, log, metrics, queryTimeoutMs, poolSize });
  const clock = startServerClock({ readNowMs: () => readNowMs(mysql.pool), log, metrics });
  const health = createHealth(systemClock);
  lifecycle.addReadiness('work', health.check);
  const leading = takeLeadership({
    connect: () => mysql.connect({ waitTimeoutSeconds: leaderWaitTimeoutSeconds }),
    log,
    signal,
    onLost: fatal,
    onAsked(error) {
      if (error === null) health.done('the lock cannot be requested');
      else health.failed('the lock cannot be requested', error);
    },
  }).then(async (giveBack) => {
    const lastIds = new Map<string, string>();
    const start = (renew: () => void): Promise<Running> =>
      startWork(context, { mysql, clock, health, lastIds, renew });
    return { giveBack, work: await keepWorking({ start, signal, fatal }) };
  });
  leading.catch((error: unknown) => {
    if (!signal.aborted) fatal(error);
  });
  return {
    async stop() {
      const led = await leading.catch(() => null);
      await led?.work.stop();
      await led?.giveBack();
      clock.stop();
      await mysql.close();
    },
  };
}
