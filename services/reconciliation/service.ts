/** The reconciliation service, wired: one instance follows the logs and looks for differences, others stand by. */
import { startServerClock, systemClock } from '../shared/clock/index.ts';
import type { Running, ServiceContext } from '../shared/lifecycle/index.ts';
import { createMysql, readNowMs } from '../shared/mysql/index.ts';
import type { fields } from './config.ts';
import { createHealth } from './running/health.ts';
import { keepWorking } from './running/keep-working.ts';
import { takeLeadership } from './running/leadership.ts';
import { startWork } from './running/work.ts';

/** Reads at low priority get more time, and few connections. */
const queryTimeoutMs = 30_000;
const poolSize = 6;
/** Whoever leads may be silent for so long: what it remembers is lost with the lock, and a process that dies gives it back at once. */
const leaderWaitTimeoutSeconds = 30;

/** Starts at once and stands by; the work begins when this instance leads. */
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
      if (error === null) health.done('the lock cannot be asked for');
      else health.failed('the lock cannot be asked for', error);
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
