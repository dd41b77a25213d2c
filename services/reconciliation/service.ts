/**
 * The reconciliation service, wired: one instance follows the logs and searches for differences; the others
 * are on standby.
 */
import { startServerClock, systemClock } from '../shared/clock/index.ts';
import type { Running, ServiceContext } from '../shared/lifecycle/index.ts';
import { createMysql, readNowMs } from '../shared/mysql/index.ts';
import type { fields } from './config.ts';
import { createHealth } from './running/health.ts';
import { keepWorking } from './running/keep-working.ts';
import { takeLeadership } from './running/leadership.ts';
import { startWork } from './running/work.ts';

/** Low-priority reads get more time, and few connections. */
const queryTimeoutMs = 30_000;
const poolSize = 6;
/**
 * How long the leader may be silent. Its memory is lost with the lock; if its process dies, the lock is
 * released at once.
 */
const leaderWaitTimeoutSeconds = 30;

/** Starts at once on standby; the work begins when this instance leads. */
export async function startReconciliation(context: ServiceContext<typeof fields>): Promise<Running> {
  const { config, log, metrics, signal, fatal, lifecycle } = context;
  const mysql = createMysql({ url: config.mysqlUrl, log, metrics, queryTimeoutMs, poolSize });
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
