/**
 * Erases the personal data of one customer: the key of sealed commands, and the fields in the tables. Rows stay, with their ids,
 * amounts and statuses. So checks still agree, and a retry of an old idempotency key still finds its order.
 */
import { COMMANDS } from '../../../topics/catalogue.ts';
import { type Actor, type AuditEntry, recordAudit } from '../../shared/audit/index.ts';
import { type Queryable, readNowMs } from '../../shared/mysql/index.ts';
import { sleep } from '../../shared/retry/index.ts';
import { selectLanes } from '../lane-rows.ts';
import type { ErasureDb } from './erasure-db.ts';
import { type Overwritten, overwriteOrders } from './overwrite-orders.ts';
import { removeDeadLetters } from './remove-dead-letters.ts';

export interface ErasureDeps {
  readonly db: ErasureDb;
  /** The offset after the last command of each partition. */
  readonly endOffsets: () => Promise<ReadonlyMap<number, number>>;
  readonly actor: Actor;
  /** How long to wait for the outcomes of commands that are in the log, ms. */
  readonly waitMs: number;
}

/** What an erasure did. The numbers count rows that had personal data. */
export interface Erasure extends Overwritten {
  /** Outbox rows that had dead letters. Dead letters may hold commands. */
  readonly outboxRows: number;
  /**
   * Commands of all customers that were in the log at the start, and have no outcome yet. If it is 0, the erasure is complete. Else
   * it must be repeated, because a worker stores the fields of such a command later.
   */
  readonly undecided: number;
}

const lookEveryMs = 50;

/**
 * Erases the data of all orders that were in the log before the call. A repeated call is safe. Rejects with the error of the database
 * or of Kafka. Then a part of the data may be erased, and the audit log has only the request.
 */
export async function eraseCustomer(deps: ErasureDeps, customerId: string): Promise<Erasure> {
  const { db } = deps;
  await eraseKey(deps, customerId);
  const undecided = await awaitOutcomes(deps);
  const overwritten = await overwriteOrders(db, customerId);
  const outboxRows = await removeDeadLetters(db);
  const erasure = { ...overwritten, outboxRows, undecided };
  await audit(deps, { action: 'customer.erased', subjectId: customerId, details: { ...erasure } });
  return erasure;
}

/** From the commit on, nobody can read sealed commands and sealed dead letters of the customer. */
async function eraseKey(deps: ErasureDeps, customerId: string): Promise<void> {
  await deps.db.transaction(async (session) => {
    await session.write('DELETE FROM customer_keys WHERE customer_id = ?', [customerId]);
    await audit({ ...deps, db: session }, { action: 'customer.erasure_requested', subjectId: customerId });
  });
}

async function audit(
  { db, actor }: { readonly db: Queryable; readonly actor: Actor },
  entry: AuditEntry,
): Promise<void> {
  await recordAudit(db, actor, [entry], await readNowMs(db));
}

/**
 * Waits until each command that is in the log now has a published outcome. So the fields of these commands are in the tables. The
 * outbox no longer needs their dead letters. Returns the number of commands without an outcome when the time is over.
 */
async function awaitOutcomes({ db, endOffsets, waitMs }: ErasureDeps): Promise<number> {
  const ends = await endOffsets();
  const untilMs = performance.now() + waitMs;
  for (;;) {
    const lanes = await selectLanes(db, ['partition_id', 'published_offset'], COMMANDS);
    const published = new Map(lanes.map((lane) => [lane.partition_id, lane.published_offset]));
    let undecided = 0;
    for (const [partition, end] of ends) undecided += Math.max(0, end - (published.get(partition) ?? 0));
    if (undecided === 0 || performance.now() >= untilMs) return undecided;
    await sleep(lookEveryMs);
  }
}
