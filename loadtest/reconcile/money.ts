/**
 * Gives the orders of the bench money and parcels, by commands that the workers decide. Reconciliation reads payments, refunds,
 * shipments and returns too.
 */
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

/** Maximum number of rows of one query. */
const chunkRows = 2_000;
const provider = 'local';
const fillTimeoutMs = 120_000;
/** Longer than STUCK_PROVIDER. */
const graceMs = 24 * 3_600_000;

/**
 * Of 20 accepted orders, 14 are paid and stay so. One is cancelled after its payment, and one is paid after its cancel. Both
 * get their money back. A quarter of the paid orders is shipped and delivered. A unit of one in three of these comes back.
 * The provider lists all money. Returns the number of commands.
 */
export async function addMoney(deps: MoneyDeps): Promise<number> {
  const orders =
    "SELECT order_key, order_id, total AS amount, currency FROM orders WHERE status = 'PENDING_PAYMENT' AND total > 0";
  const first = await sendFor(deps, orders, (row, n) =>
    n % 20 < 15 ? [pay(row)] : n % 20 === 15 ? [cancel(row), pay(row)] : [],
  );
  const paid = "SELECT order_key, order_id, total AS amount, currency FROM orders WHERE status = 'PAID'";
  const second = await sendFor(deps, paid, (row, n) => (n % 15 === 14 ? [cancel(row)] : goods(row, n % 12)));
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
    // The keys of a chunk may be those of several partitions, and a batch has one.
    for (const batch of Map.groupBy(messages, ({ partition }) => partition).values())
      await accumulator.sendBatch(batch);
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

/** Three of 12 orders are shipped in one parcel. A unit of one of them comes back. */
function goods(row: PaidRow, turn: number): Command[] {
  if (turn > 2) return [];
  const [shipped, delivered, returned] = [
    operatorOf(row, 'ship'),
    operatorOf(row, 'deliver'),
    operatorOf(row, 'return'),
  ];
  const commands: Command[] = [
    { ...shipped, type: 'SHIP', payload: { carrier: 'Post', trackingNumber: 'T-1', lines: [] } },
    { ...delivered, type: 'DELIVER', payload: { deliveredAt: Date.now(), shipment: null } },
  ];
  if (turn > 0) return commands;
  const lines = [{ line: 1, quantity: 1, restock: 1 }];
  return [...commands, { ...returned, type: 'RETURN', payload: { reason: null, lines, refund: true } }];
}

function operatorOf({ order_id }: PaidRow, step: string) {
  const orderId = bytesToUuid(order_id);
  return {
    ...{ orderId, customerId: null, actor: 'operator', idempotencyKey: null, issuedAt: Date.now() },
    ...{ traceparent: null, sealed: null, fingerprint: null, commandId: `${step}:${orderId}` },
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
