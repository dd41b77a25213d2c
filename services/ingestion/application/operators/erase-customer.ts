/** Erases the personal data of a customer for an operator. `orderstream customer erase` does the same. */
import { type Erasure, type ErasureDb, eraseCustomer } from '../../../orders-db/index.ts';
import type { Failure } from '../common/failure.ts';
import type { ReadTurns } from '../limits/reads.ts';

export interface ErasureRequest {
  readonly customerId: string;
  /** The `sub` of the operator's token. */
  readonly operator: string;
  readonly traceId: string | null;
}

/** The failure is STATE_UNAVAILABLE if MySQL or Kafka is unavailable, or SHARE_USED_UP. Never rejects. */
export type EraseCustomer = (request: ErasureRequest) => Promise<Erasure | Failure>;

export interface EraseCustomerDeps {
  readonly db: ErasureDb;
  /** The offset after the last command of each partition. */
  readonly commandEnds: () => Promise<ReadonlyMap<number, number>>;
  readonly reads: ReadTurns;
  readonly instanceId: string;
}

/** A client waits for the response. The command line waits longer. */
const waitMs = 5_000;

export function createEraseCustomer(deps: EraseCustomerDeps): EraseCustomer {
  const { db, commandEnds: endOffsets, reads, instanceId: origin } = deps;
  return ({ customerId, operator: name, traceId }) =>
    reads.run(name, () =>
      eraseCustomer(
        { db, endOffsets, actor: { kind: 'OPERATOR', name, origin, traceId }, waitMs },
        customerId,
      ),
    );
}
