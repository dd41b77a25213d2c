/** Gives the orders of the bench money, by commands that the workers decide. Reconciliation reads payments and refunds too. */
import type { OrderCommand } from '../../schemas/index.ts';
import type { Codec } from '../../services/shared/codec/index.ts';
import { commandMessage } from '../../services/shared/command-log/index.ts';
import type { Accumulator } from '../../services/shared/kafka/index.ts';
import { bytesToUuid, type Pool } from '../../services/shared/mysql/index.ts';
import { paymentCommand, recordRefundCommand } from '../../services/shared/payment-provider/index.ts';

export interface MoneyDeps {
  readonly pool: Pool;
  readonly accumulator: Pick<Accumulator, 'sendBatch'>;
  readonly codec: Codec<OrderCommand>;
  /** Resolves once every command is decided. */
  readonly quiesce: () => Promise<void>;
}

type Command = OrderCommand & { orderId: string };

interface PaidRow {
  readonly order_key: number;
  readonly order_id: Buffer;
  readonly amount: number;
  readonly currency: string;
}

/** Maximum number of rows of one query, and of commands of one send. */
const chunkRows = 2_000;
const provider = 'local';
const fillTimeoutMs = 120_000;
/** Longer than STUCK_PROVIDER. */
const graceMs = 24 * 3_600_000;

/**
 * Of 20 accepted orders, 14 are paid and stay so. One is cancelled after its payment, and one is paid after its cancel. Both
 * get their money back. The provider lists all of this. Returns the number of commands.
 */
export async function addMoney(deps: MoneyDeps): Promise<number> {
  const orders =
    "SELECT order_key, order_id, total AS amount, currency FROM orders WHERE status = 'PENDING_PAYMENT' AND total > 0";
  const first = await sendFor(deps, orders, (row, n) =>
    n % 20 < 15 ? [pay(row)] : n % 20 === 15 ? [cancel(row), pay(row)] : [],
  );
  const paid = "SELECT order_key, order_id, total AS amount, currency FROM orders WHERE status = 'PAID'";
  const second = await sendFor(deps, paid, (row, n) => (n % 15 === 14 ? [cancel(row)] : []));
  const open =
    'SELECT order_key, order_id, refund_id, amount, currency FROM refunds WHERE open_since_ms IS NOT NULL';
  const third = await sendFor<PaidRow & { refund_id: Buffer }>(deps, open, (row) => [refunded(row)]);
  await listAll(deps.pool);
  return first + second + third;
}

/** The provider lists the same payments and refunds, for longer than the grace of reconciliation. */
async function listAll(pool: Pool): Promise<void> {
  const options = { timeoutMs: fillTimeoutMs };
  const laterMs = Date.now() + graceMs;
  await pool.write(
    `INSERT INTO provider_records SELECT provider, 'payment', provider_payment_id, provider_payment_id, amount, currency, 'captured', 0, 0, ?
     FROM payments`,
    [laterMs],
    options,
  );
  await pool.write(
    `INSERT INTO provider_records SELECT provider, 'refund', provider_refund_id, provider_payment_id, amount, currency, 'succeeded', 0, 0, ?
     FROM refunds WHERE status = 'SUCCEEDED'`,
    [laterMs],
    options,
  );
  await pool.write('INSERT INTO provider_listings VALUES (?, 0, 0, ?, 0, 0)', [provider, laterMs]);
}

/** Reads all rows by their key, and sends their commands. `select` ends with a condition. */
async function sendFor<Row extends PaidRow>(
  { pool, accumulator, codec, quiesce }: MoneyDeps,
  select: string,
  commandsOf: (row: Row, n: number) => Command[],
): Promise<number> {
  let sent = 0;
  let seen = 0;
  for (let after = -1; ; ) {
    const rows = await pool.rows<Row>(`${select} AND order_key > ? ORDER BY order_key LIMIT ${chunkRows}`, [
      after,
    ]);
    const commands = rows.flatMap((row) => commandsOf(row, seen++));
    const messages = commands.map((command) => commandMessage(codec, command, Date.now()));
    for (let from = 0; from < messages.length; from += chunkRows)
      await accumulator.sendBatch(messages.slice(from, from + chunkRows));
    sent += commands.length;
    if (rows.length < chunkRows) break;
    after = rows.at(-1)!.order_key;
  }
  await quiesce();
  return sent;
}

function pay({ order_id, amount, currency }: PaidRow): Command {
  const reference = bytesToUuid(order_id);
  const event = { kind: 'captured', eventId: `e-${reference}`, providerPaymentId: `p-${reference}` } as const;
  return paymentCommand(provider, { ...event, reference, amount, currency }, Date.now());
}

function cancel({ order_id }: PaidRow): Command {
  const orderId = bytesToUuid(order_id);
  return {
    ...{ orderId, customerId: null, actor: 'operator', idempotencyKey: null, issuedAt: Date.now() },
    ...{ traceparent: null, sealed: null, fingerprint: Buffer.alloc(32), commandId: `cancel:${orderId}` },
    type: 'CANCEL',
    payload: { reason: null, expectedVersion: null, lines: [] },
  };
}

function refunded({ order_id, refund_id, amount, currency }: PaidRow & { refund_id: Buffer }): Command {
  const refundId = bytesToUuid(refund_id);
  const result = { provider, orderId: bytesToUuid(order_id), refundId, providerRefundId: `r-${refundId}` };
  return recordRefundCommand(
    {
      ...{ ...result, amount, currency },
      ...{ providerEventId: `re-${refundId}`, succeeded: true, failureCode: null },
    },
    Date.now(),
  );
}
