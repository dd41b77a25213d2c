/** Refunds after a restore that lost the calls of services/payments, with the real local provider. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { doubtOpenRefunds } from '../../../cli/recover/from-log/open-refunds.ts';
import { createRefundQueue } from '../../../services/payments/refunds/refund-queue.ts';
import { startSender } from '../../../services/payments/refunds/sender.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { createMysql, type Mysql } from '../../../services/shared/mysql/index.ts';
import { insertRefund, settleRefund } from '../../support/payments/refund-rows.ts';
import {
  adapterOf,
  type CallbackReceiver,
  control,
  type ProviderProcess,
  receiveCallbacks,
  spawnProvider,
} from '../../support/programs/payment-provider.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { until, useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('restored-refunds');
const dir = mkdtempSync(path.join(tmpdir(), 'restored-refunds-'));
const dayMs = 24 * 3_600_000;
let mysql: Mysql;
let receiver: CallbackReceiver;
let provider: ProviderProcess;

beforeAll(async () => {
  mysql = createMysql({ url: database().url, log: quietLog });
  receiver = await receiveCallbacks();
  provider = await spawnProvider({ file: path.join(dir, 'state.sqlite'), callbackUrl: receiver.url });
});
afterAll(async () => {
  await provider.end();
  await receiver.close();
  await mysql.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Pays the open refunds with a clock that is ahead, until none is left. */
async function payRefunds(aheadMs: number): Promise<void> {
  const adapter = adapterOf(provider.url, 1_000);
  const sender = startSender({
    queue: createRefundQueue({ pool: mysql.pool, instanceId: 'payments' }),
    providers: new Map([['local', adapter]]),
    isOnHold: async () => false,
    async append(command) {
      const { payload } = command as { payload: { refundId: string; succeeded: boolean } };
      await settleRefund(mysql.pool, payload.refundId, payload.succeeded);
      return null;
    },
    nowMs: () => Date.now() + aheadMs,
    random: () => 0,
    ...{ retryMinMs: 50, inFlightMax: 8, leaseMs: 2_000, log: quietLog, metrics: noMetrics },
  });
  const open = 'SELECT refund_id FROM refunds WHERE open_since_ms IS NOT NULL';
  await until(async () => (await mysql.pool.rows(open)).length === 0, { what: 'every result' });
  await sender.stop(5_000);
  adapter.close();
}

it('with a forgotten key it asks first, and never pays twice', async () => {
  const body = { reference: randomUUID(), amount: 10_000, currency: 'EUR' };
  const { payment } = (await control(provider.url, 'POST', '/v1/transfers', body)) as { payment: string };
  await insertRefund(mysql.pool, payment);
  await payRefunds(0);
  // The backup has the request, and neither the call nor its result.
  await mysql.pool.write('DELETE FROM refund_attempts');
  await mysql.pool.write("UPDATE refunds SET status = 'REQUESTED', open_since_ms = requested_at_ms");
  await doubtOpenRefunds(mysql.pool);
  await control(provider.url, 'PUT', '/v1/faults', { keyMemoryMs: 0 });
  await payRefunds(dayMs - 3_600_000);
  const made = await control(provider.url, 'GET', `/v1/refunds?payment=${payment}`);
  expect((made as { refunds: unknown[] }).refunds).toMatchObject([{ amount: 5_000, status: 'succeeded' }]);
});
