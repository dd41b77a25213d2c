/**
 * (o) Compares what providers list with payments and refunds. `services/payments` stores the lists, so this service needs no keys of
 * providers. A callback may be late, so a record counts only after `providerGraceMs` without a change.
 */
import { placeholders, type Session } from '../../shared/mysql/index.ts';
import type { Pace } from '../checks/pace.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import type { Tally } from '../findings/tally.ts';

export interface ProviderLimits {
  /** How long a record of a provider and our tables may differ. */
  providerGraceMs: number;
}

/** A listed record, and the payment of this id in our tables. Amounts are minor units. */
export interface ListedRecord {
  provider: string;
  provider_id: string;
  amount: number;
  currency: string;
  /** `captured` for a payment; `succeeded`, `pending` or `failed` for a refund. */
  status: string;
  changed_at_ms: number;
  seen_at_ms: number;
  /** Null if there is no such payment, like the next two. */
  payment_id: Buffer | null;
  paid: number | null;
  paid_currency: string | null;
}

/** One of our refunds. */
export interface OwnRefund {
  payment_id: Buffer;
  amount: number;
  currency: string;
  status: string;
  result_provider: string | null;
  provider_refund_id: string | null;
  settled_at_ms: number | null;
}

type Reader = Pick<Session, 'rows'>;

/** Maximum number of records of one query. */
const chunkRecords = 1_000;
/** The clocks of the services that write the compared times may differ by so much. */
export const clocksApartMs = 5 * 60_000;
/** The provider of results that an operator records. Their ids are bank references, or ids of refunds at the provider. */
const byHand = 'manual';
const statusOf: Readonly<Record<string, string>> = { succeeded: 'SUCCEEDED', failed: 'FAILED' };

/** Compares every listed record with our rows. */
export async function compareRecords(
  session: Reader,
  providers: Iterable<string>,
  { providerGraceMs }: ProviderLimits,
  nowMs: number,
  tally: Tally,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  const upToMs = nowMs - providerGraceMs;
  const add = (difference: Difference | null): void => void (difference !== null && tally.add(difference));
  for (const provider of providers) {
    await readRecords(session, { provider, kind: 'payment', upToMs }, pace, signal, async (records) => {
      for (const record of records) add(compareListedPayment(record));
    });
    await readRecords(session, { provider, kind: 'refund', upToMs }, pace, signal, async (records) => {
      const own = await readRefunds(session, records);
      for (const record of records) add(compareListedRefund(record, own(record)));
    });
  }
}

export function compareListedPayment(record: ListedRecord): Difference | null {
  const { amount, currency, paid, paid_currency: paidCurrency } = record;
  if (paid === amount && paidCurrency === currency) return null;
  return differenceOf(record, paid === null ? 'no payment' : `payment of ${paid} ${paidCurrency}`);
}

/** `own` are our refunds of the same payment. */
export function compareListedRefund(record: ListedRecord, own: readonly OwnRefund[]): Difference | null {
  const { provider, provider_id: id, amount, currency, status } = record;
  const hasAmount = (one: OwnRefund): boolean => one.amount === amount && one.currency === currency;
  const row = own.find(
    ({ provider_refund_id, result_provider }) =>
      provider_refund_id === id && (result_provider === provider || result_provider === byHand),
  );
  if (row === undefined) {
    // A failed refund moved no money. An open one gets the id of the provider with its result.
    const isOpen = own.some((one) => one.status === 'REQUESTED' && hasAmount(one));
    return status === 'failed' || isOpen ? null : differenceOf(record, 'no refund');
  }
  // Our row may have got its result after the list was read.
  const isOlder = record.seen_at_ms < (row.settled_at_ms ?? 0) + clocksApartMs;
  const hasStatus = status === 'pending' || row.status === statusOf[status];
  if (hasAmount(row) && (hasStatus || isOlder)) return null;
  return differenceOf(record, `refund of ${row.amount} ${row.currency} ${row.status}`);
}

function differenceOf(
  { provider, provider_id, amount, currency, status }: ListedRecord,
  actual: string,
): Difference {
  return {
    kind: 'PROVIDER_DIFFERS',
    subject: `${provider}/${provider_id}`,
    expected: `${status} ${amount} ${currency}`,
    actual,
  };
}

/** Visits the records of this kind that have not changed since `upToMs`, in chunks. */
async function readRecords(
  session: Reader,
  { provider, kind, upToMs }: { provider: string; kind: 'payment' | 'refund'; upToMs: number },
  pace: Pace,
  signal: AbortSignal,
  visit: (records: readonly ListedRecord[]) => Promise<void>,
): Promise<void> {
  for (let after: string | null = ''; after !== null; ) {
    const from: string = after;
    after = await pace.chunk(async () => {
      const rows = await session.rows<ListedRecord>(
        `SELECT v.provider, v.provider_id, v.amount, v.currency, v.status, v.changed_at_ms, v.seen_at_ms, p.payment_id,
           p.amount AS paid, p.currency AS paid_currency
         FROM provider_records v
         LEFT JOIN payments p ON p.provider = v.provider AND p.provider_payment_id = v.provider_payment_id
         WHERE v.provider = ? AND v.kind = ? AND v.provider_id > ? ORDER BY v.provider_id LIMIT ?`,
        [provider, kind, from, chunkRecords],
      );
      await visit(rows.filter(({ changed_at_ms }) => changed_at_ms <= upToMs));
      return rows.length < chunkRecords ? null : rows.at(-1)!.provider_id;
    }, signal);
  }
}

async function readRefunds(
  session: Reader,
  records: readonly ListedRecord[],
): Promise<(record: ListedRecord) => readonly OwnRefund[]> {
  const ids = new Map(records.flatMap(({ payment_id: id }) => (id === null ? [] : [[hexOf(id), id]])));
  if (ids.size === 0) return () => [];
  const rows = await session.rows<OwnRefund>(
    `SELECT payment_id, amount, currency, status, result_provider, provider_refund_id, settled_at_ms FROM refunds
     WHERE payment_id IN (${placeholders([...ids])})`,
    [...ids.values()],
  );
  const byPayment = Map.groupBy(rows, ({ payment_id }) => hexOf(payment_id));
  return ({ payment_id: id }) => (id === null ? [] : (byPayment.get(hexOf(id)) ?? []));
}

function hexOf(id: Buffer): string {
  return id.toString('hex');
}
