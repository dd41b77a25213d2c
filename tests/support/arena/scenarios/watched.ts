/** Reconciliation beside the workers of an arena, and its findings. */
import { until } from '../../until.ts';
import type { Arena } from '../arena.ts';
import { spawnService, type WorkerProcess } from '../processes/worker-process.ts';

export interface Watched {
  readonly service: WorkerProcess;
  /** `KIND subject` of the open findings. */
  open(): Promise<string[]>;
  /** Waits until exactly these findings are open. Otherwise resolves with a fault. */
  opened(expected: readonly string[], deadlineMs?: number): Promise<string[]>;
}

/** Starts reconciliation with short intervals. The caller stops it. */
export async function startWatched(
  arena: Arena,
  env: Readonly<Record<string, string>> = {},
): Promise<Watched> {
  const timing = { RECONCILE_EVERY: '500ms', LANE_STALL: '5s', INSTANCE_ID: 'reconciliation' };
  const service = await spawnService('reconciliation', { ...arena.env, ...timing, ...env });
  const open = async (): Promise<string[]> => {
    const rows = await arena.mysql.pool.rows<{ kind: string; subject: string }>(
      `SELECT kind, subject FROM reconciliation_findings WHERE status = 'OPEN'`,
    );
    return rows.map(({ kind, subject }) => `${kind} ${subject}`).toSorted();
  };
  return {
    service,
    open,
    async opened(expected, deadlineMs = 120_000) {
      const wanted = JSON.stringify(expected.toSorted());
      const isSo = async (): Promise<boolean> => JSON.stringify(await open()) === wanted;
      const failed = await until(isSo, { what: wanted, deadlineMs, everyMs: 250 }).then(
        () => false,
        () => true,
      );
      return failed ? [`open are ${JSON.stringify((await open()).slice(0, 20))}, not ${wanted}`] : [];
    },
  };
}
