/**
 * The records that providers list, in tables that several instances share. `provider_records` has the records.
 * `provider_listings` says how far each provider was listed, and when it is listed next.
 *
 *   oldest kept         again_from_ms        next_from_ms     listed_to_ms      now
 *        |─────────────────|── again ──|──────────|── overlap ──────|── newest ──|
 */
import { type Pool, placeholders } from '../../shared/mysql/index.ts';
import type { ProviderRecord } from '../../shared/payment-provider/index.ts';

/** From `fromMs` on and before `toMs`, epoch ms. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One visit of a provider. After the lease, another instance may list the same ranges. The rows are the same then. */
export interface Lease {
  readonly provider: string;
  readonly leasedAtMs: number;
  readonly untilMs: number;
  /** What was not listed yet, and an overlap. */
  readonly newest: Range;
  /** A part of the older records, because their status may have changed. Null while there is none. */
  readonly again: Range | null;
}

export interface Listings {
  /** The ranges that are due. Null if none is due, or another instance has them. */
  lease(provider: string, nowMs: number): Promise<Lease | null>;
  /** Time up to which the records of the provider are complete; null before the first listing. */
  listedToMs(provider: string): Promise<number | null>;
  /** Stores the records. Returns the number of those that no row can hold. */
  store(lease: Lease, records: readonly ProviderRecord[], nowMs: number): Promise<number>;
  /** Every new record before this time is stored. */
  advance(lease: Lease, toMs: number): Promise<void>;
  /** Every new record of the range is stored. The next visit begins with an overlap. */
  completeNewest(lease: Lease): Promise<void>;
  /** Every older record before this time is stored again. Deletes those that the provider no longer lists. */
  completeAgain(lease: Lease, toMs: number): Promise<void>;
  /** The provider is due again at this time. */
  release(lease: Lease, nextAtMs: number): Promise<void>;
  /** Deletes records that are too old. */
  prune(lease: Lease): Promise<void>;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Records of the last minute may be missing in the list of a provider. */
const newestMs = minuteMs;
/** So much is listed again each time, for records that came late into the list of a provider. */
const overlapMs = 60 * minuteMs;
/** All kept records are listed again within this time. */
const wholeEveryMs = dayMs;
const leaseMs = 10 * minuteMs;
/** Maximum number of rows that one statement deletes. */
const deletedRows = 2_000;

export interface ListingsDeps {
  readonly pool: Pool;
  readonly everyMs: number;
  /** Records older than this are not listed, and not kept. */
  readonly keptMs: number;
}

export function createListings({ pool, everyMs, keptMs }: ListingsDeps): Listings {
  const sliceMs = Math.ceil((keptMs * everyMs) / wholeEveryMs);
  return {
    async lease(provider, nowMs) {
      const oldestMs = nowMs - keptMs;
      const untilMs = nowMs + leaseMs;
      if (!(await takeLease(pool, provider, nowMs, untilMs, oldestMs))) return null;
      const [row] = await pool.rows<{ next_from_ms: number; again_from_ms: number }>(
        'SELECT next_from_ms, again_from_ms FROM provider_listings WHERE provider = ?',
        [provider],
      );
      const fromMs = Math.max(oldestMs, row!.next_from_ms);
      const newest = { fromMs, toMs: Math.max(fromMs, nowMs - newestMs) };
      const again = againRange(row!.again_from_ms, oldestMs, fromMs, sliceMs);
      return { provider, leasedAtMs: nowMs, untilMs, newest, again };
    },
    async listedToMs(provider) {
      const [row] = await pool.rows<{ listed_to_ms: number }>(
        'SELECT listed_to_ms FROM provider_listings WHERE provider = ?',
        [provider],
      );
      return row?.listed_to_ms ?? null;
    },
    async store({ provider, leasedAtMs }, records, nowMs) {
      const kept = records.filter(isStorable);
      await insertRecords(pool, provider, kept, { seenAtMs: leasedAtMs, nowMs });
      return records.length - kept.length;
    },
    async advance({ provider }, toMs) {
      await pool.write(
        `UPDATE provider_listings SET next_from_ms = GREATEST(next_from_ms, ?), listed_to_ms = GREATEST(listed_to_ms, ?)
         WHERE provider = ?`,
        [toMs, toMs, provider],
      );
    },
    async completeNewest({ provider, newest: { fromMs, toMs } }) {
      await pool.write(
        'UPDATE provider_listings SET next_from_ms = ?, listed_to_ms = GREATEST(listed_to_ms, ?) WHERE provider = ?',
        [Math.max(fromMs, toMs - overlapMs), toMs, provider],
      );
    },
    async completeAgain({ provider, leasedAtMs, again }, toMs) {
      await deleteAll(
        pool,
        'DELETE FROM provider_records WHERE provider = ? AND made_at_ms >= ? AND made_at_ms < ? AND seen_at_ms < ?',
        [provider, again!.fromMs, toMs, leasedAtMs],
      );
      await pool.write('UPDATE provider_listings SET again_from_ms = ? WHERE provider = ?', [toMs, provider]);
    },
    async release({ provider, untilMs }, nextAtMs) {
      await pool.write('UPDATE provider_listings SET next_at_ms = ? WHERE provider = ? AND next_at_ms = ?', [
        nextAtMs,
        provider,
        untilMs,
      ]);
    },
    async prune({ provider, leasedAtMs }) {
      await deleteAll(pool, 'DELETE FROM provider_records WHERE provider = ? AND made_at_ms < ?', [
        provider,
        leasedAtMs - keptMs,
      ]);
    },
  };
}

/** `listed_from_ms` moves first, so that nothing claims to be complete before its oldest records are deleted. */
async function takeLease(
  pool: Pool,
  provider: string,
  nowMs: number,
  untilMs: number,
  oldestMs: number,
): Promise<boolean> {
  await pool.write(
    `INSERT INTO provider_listings (provider, next_at_ms, listed_from_ms, listed_to_ms, next_from_ms, again_from_ms)
     VALUES (?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE provider = VALUES(provider)`,
    [provider, nowMs, oldestMs, oldestMs, oldestMs, oldestMs],
  );
  const { affectedRows } = await pool.write(
    `UPDATE provider_listings SET next_at_ms = ?, listed_from_ms = GREATEST(listed_from_ms, ?)
     WHERE provider = ? AND next_at_ms <= ?`,
    [untilMs, oldestMs, provider, nowMs],
  );
  return affectedRows > 0;
}

/** The next part of the older records. After the last part, the first one follows. */
function againRange(againFromMs: number, oldestMs: number, endMs: number, sliceMs: number): Range | null {
  const fromMs = againFromMs >= endMs ? oldestMs : Math.max(oldestMs, againFromMs);
  const toMs = Math.min(fromMs + sliceMs, endMs);
  return toMs > fromMs ? { fromMs, toMs } : null;
}

const idForm = /^[!-~]{1,128}$/;
const currencyForm = /^[A-Z]{3}$/;

/** Whether the record has a form that payments and refunds can have. No row can match others, so they are only counted. */
function isStorable(record: ProviderRecord): boolean {
  const { providerPaymentId, amount, currency } = record;
  return (
    idForm.test(providerPaymentId) &&
    (record.kind === 'payment' || idForm.test(record.providerRefundId)) &&
    Number.isSafeInteger(amount) &&
    currencyForm.test(currency)
  );
}

/** `changed_at_ms` stays as long as the record says the same. A slower listing overwrites no newer row. */
async function insertRecords(
  pool: Pool,
  provider: string,
  records: readonly ProviderRecord[],
  { seenAtMs, nowMs }: { seenAtMs: number; nowMs: number },
): Promise<void> {
  if (records.length === 0) return;
  const rows = records.map((record) => {
    const { kind, providerPaymentId, amount, currency, atMs } = record;
    const [id, status] =
      record.kind === 'payment' ? [providerPaymentId, 'captured'] : [record.providerRefundId, record.status];
    return [provider, kind, id, providerPaymentId, amount, currency, status, atMs, nowMs, seenAtMs];
  });
  const newer = (column: string) =>
    `${column} = IF(seen_at_ms <= VALUES(seen_at_ms), VALUES(${column}), ${column})`;
  await pool.write(
    `INSERT INTO provider_records
       (provider, kind, provider_id, provider_payment_id, amount, currency, status, made_at_ms, changed_at_ms, seen_at_ms)
     VALUES ${rows.map((row) => `(${placeholders(row)})`).join(', ')}
     ON DUPLICATE KEY UPDATE
       changed_at_ms = IF(amount = VALUES(amount) AND currency = VALUES(currency) AND status = VALUES(status)
         AND provider_payment_id = VALUES(provider_payment_id) OR seen_at_ms > VALUES(seen_at_ms), changed_at_ms, VALUES(changed_at_ms)),
       ${['provider_payment_id', 'amount', 'currency', 'status', 'made_at_ms', 'seen_at_ms'].map(newer).join(', ')}`,
    rows.flat(),
  );
}

/** Deletes the rows in small statements. */
async function deleteAll(pool: Pool, sql: string, params: readonly (string | number)[]): Promise<void> {
  for (;;) {
    const { affectedRows } = await pool.write(`${sql} LIMIT ${deletedRows}`, params);
    if (affectedRows < deletedRows) return;
  }
}
