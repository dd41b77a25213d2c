/** The observer, wired: lanes and groups in, metrics out. It owns no lane and joins no group. */
import { createRecordTimes } from '../inspection/index.ts';
import { startServerClock, systemClock } from '../shared/clock/index.ts';
import { errorMessage } from '../shared/errors/index.ts';
import { createAdmin, createKafkaConfig, createLogProbe } from '../shared/kafka/index.ts';
import { type Running, type ServiceContext, startWork } from '../shared/lifecycle/index.ts';
import { createMysql, readNowMs } from '../shared/mysql/index.ts';
import type { fields } from './config.ts';
import { exportLag, exportScale } from './export-lag.ts';
import { createRates } from './rates.ts';
import { createReader } from './reading.ts';
import { type Answered, scalePage } from './scale/page.ts';
import { createScaler } from './scale/scaler.ts';

const poolSize = 2;
const queryTimeoutMs = 2_000;
const stopMs = 6_000;
/** A longer window would see a burst late, a shorter one would count noise (`npm run scaling`). */
const rateWindowMs = 8_000;

/** Reads from the first moment on, also while the database is away. `stop` closes everything. */
export async function startObserver(context: ServiceContext<typeof fields>): Promise<Running> {
  const { config, live, log, metrics, lifecycle, addPage } = context;
  const mysql = createMysql({ url: () => live.now.mysqlUrl, poolSize, queryTimeoutMs, log, metrics });
  const clock = startServerClock({ readNowMs: () => readNowMs(mysql.pool), log, metrics });
  const settings = createKafkaConfig(config, `observer-${config.instanceId}`);
  const admin = createAdmin(settings);
  const probe = createLogProbe(settings);
  const reader = createReader({
    admin,
    times: createRecordTimes(probe),
    db: mysql.pool,
    nowMs: clock.nowMs,
    monotonicMs: systemClock.monotonicMs,
    onDatabase: createDatabaseReport(context),
  });
  const limits = {
    drainSeconds: config.drainMs / 1_000,
    workersMin: config.workersMin,
    workersMax: config.workersMax,
  };
  const rates = createRates(rateWindowMs);
  const scaler = createScaler(limits, config.workerRate);
  let answered: Answered | null = null;
  const turn = async (): Promise<number> => {
    const reading = await reader.read().catch((error: unknown) => {
      metrics.inc('observer_reads_total', { source: 'kafka', result: 'failed' });
      throw error;
    });
    metrics.inc('observer_reads_total', { source: 'kafka', result: 'ok' });
    exportLag(metrics, reading);
    const flow = rates.add(reading);
    const decision = scaler.add(reading, flow);
    if (flow !== null && decision !== null) {
      answered = { ...decision, flow, monotonicMs: reading.monotonicMs };
      exportScale(metrics, answered, limits.workersMax);
    }
    metrics.set('observer_read_timestamp_seconds', systemClock.nowMs() / 1_000);
    return config.everyMs;
  };
  addPage('/scale/worker', () => scalePage(answered, systemClock.monotonicMs()));
  const work = startWork({ what: 'lanes and groups', turn, log, trouble: 'the observer cannot read Kafka' });
  lifecycle.addReadiness('work', work.check);
  return {
    async stop() {
      await work.stop(stopMs);
      clock.stop();
      probe.close();
      await Promise.all([admin.close(), mysql.close()]);
    },
  };
}

/** Counts the reads of the database, and logs when they begin to fail and when they succeed again. */
function createDatabaseReport({ log, metrics }: ServiceContext<typeof fields>): (error: unknown) => void {
  let isAway = false;
  return (error) => {
    metrics.inc('observer_reads_total', { source: 'database', result: error === null ? 'ok' : 'failed' });
    if (error !== null && !isAway)
      log.warn(
        { reason: errorMessage(error) },
        'the observer cannot read the database; it reads positions from Kafka',
      );
    if (error === null && isAway) log.info({}, 'the observer reads the database again');
    isAway = error !== null;
  };
}
