import { expect, it } from 'vitest';
import { createLogger } from '../shared/log/index.ts';
import { createMetrics } from '../shared/metrics/index.ts';
import type { Queryable } from '../shared/mysql/index.ts';
import { startRetention } from './retention.ts';

const nowMs = 1_800_000_000_000;
const chunkRows = 10;

it('counts the rows that it deletes, also when it is stopped in the pause after them', async () => {
  const metrics = createMetrics({ service: 'test', defaults: false });
  let firstId = 0;
  const deleted = Promise.withResolvers<void>();
  const pool = {
    async rows(sql: string) {
      if (sql.includes('nowMs')) return [{ nowMs }];
      const rows = Array.from({ length: chunkRows }, (_, n) => ({
        delivery_id: firstId + n + 1,
        waits: 0,
        created_at_ms: 1,
      }));
      firstId += chunkRows;
      return rows;
    },
    async write(sql: string, params: unknown[]) {
      if (!sql.startsWith('DELETE')) return { affectedRows: 1 };
      deleted.resolve();
      return { affectedRows: params.length };
    },
  } as unknown as Queryable;
  const retention = startRetention({
    pool,
    limits: { keepMs: 1_000, everyMs: 1_000, chunkRows, pauseMs: 60_000 },
    log: createLogger({ service: 'test', level: 'silent', instanceId: 'test' }),
    metrics,
  });
  await deleted.promise;
  await retention.stop();
  expect(await metrics.text()).toMatch(/notification_rows_deleted_total\S* 10\b/);
});
