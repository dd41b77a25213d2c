/**
 * (o) Finds payments and refunds in our tables that their provider does not list. Only a time range that was listed completely proves
 * that something is missing.
 */
import { placeholders, type Session } from '../../shared/mysql/index.ts';
import type { Tally } from '../findings/tally.ts';
import { clocksApartMs, type ProviderLimits } from './provider-records.ts';
import type { KeyRows, PaymentRow, RefundRow } from './rows.ts';

type Reader = Pick<Session, 'rows'>;

/** By provider: every record that was made from `fromMs` on and before `toMs` is in `provider_records`. */
export type Listed = ReadonlyMap<string, { readonly fromMs: number; readonly toMs: number }>;

export interface UnlistedMoney {
  /** Notes the money of one key that must be listed. */
  add(rows: Pick<KeyRows, 'payments' | 'refunds'>): void;
  /** Looks up the noted money, and forgets it. */
  compare(session: Reader, tally: Tally): Promise<void>;
}

interface Noted {
  readonly id: string;
  /** What our tables say. */
  readonly text: string;
}

/**
 * A provider repeats a callback for some days. So money that we received later than this was made at the provider after the
 * start of the range.
 */
const callbackLateMs = 7 * 24 * 3_600_000;
/** Maximum number of ids of one query. */
const chunkIds = 1_000;

export async function readListed(session: Reader): Promise<Listed> {
  const rows = await session.rows<{ provider: string; listed_from_ms: number; listed_to_ms: number }>(
    'SELECT provider, listed_from_ms, listed_to_ms FROM provider_listings',
  );
  return new Map(
    rows.map(({ provider, listed_from_ms: fromMs, listed_to_ms: toMs }) => [provider, { fromMs, toMs }]),
  );
}

export function noteUnlisted(listed: Listed, { providerGraceMs }: ProviderLimits): UnlistedMoney {
  let noted = new Map<string, Noted[]>();
  /** Whether a record that was made between these times is in the listed range. */
  const isListed = (provider: string, afterMs: number, beforeMs: number): boolean => {
    const range = listed.get(provider);
    return range !== undefined && afterMs >= range.fromMs && beforeMs < range.toMs - providerGraceMs;
  };
  const note = (provider: string, kind: 'payment' | 'refund', one: Noted): void => {
    const key = `${kind} ${provider}`;
    const others = noted.get(key);
    if (others === undefined) noted.set(key, [one]);
    else others.push(one);
  };
  const notePayment = (payment: PaymentRow): void => {
    const { provider, provider_payment_id: id, received_at_ms: atMs, amount, currency } = payment;
    if (!isListed(provider, atMs - callbackLateMs, atMs)) return;
    note(provider, 'payment', { id, text: `payment of ${amount} ${currency}` });
  };
  const noteRefund = (refund: RefundRow): void => {
    const { result_provider: provider, provider_refund_id: id, settled_at_ms: atMs, status } = refund;
    if (status !== 'SUCCEEDED' || provider === null || id === null || atMs === null) return;
    if (!isListed(provider, refund.requested_at_ms - clocksApartMs, atMs)) return;
    note(provider, 'refund', { id, text: `refund of ${refund.amount} ${refund.currency} SUCCEEDED` });
  };
  return {
    add({ payments, refunds }) {
      for (const payment of payments) notePayment(payment);
      for (const refund of refunds) noteRefund(refund);
    },
    async compare(session, tally) {
      const all = noted;
      noted = new Map();
      for (const [key, ones] of all) {
        const [kind, provider] = key.split(' ') as [string, string];
        for (let from = 0; from < ones.length; from += chunkIds)
          await compareChunk(session, provider, kind, ones.slice(from, from + chunkIds), tally);
      }
    },
  };
}

async function compareChunk(
  session: Reader,
  provider: string,
  kind: string,
  ones: readonly Noted[],
  tally: Tally,
): Promise<void> {
  const rows = await session.rows<{ provider_id: string }>(
    `SELECT provider_id FROM provider_records WHERE provider = ? AND kind = ? AND provider_id IN (${placeholders(ones)})`,
    [provider, kind, ...ones.map(({ id }) => id)],
  );
  const found = new Set(rows.map(({ provider_id }) => provider_id));
  for (const { id, text } of ones) {
    if (found.has(id)) continue;
    tally.add({
      kind: 'PROVIDER_DIFFERS',
      subject: `${provider}/${id}`,
      expected: 'nothing listed',
      actual: text,
    });
  }
}
