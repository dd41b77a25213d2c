/** Appends of place commands without a result yet. Each order has at most one. */
import { Failure } from '../common/failure.ts';
import type { LogPosition } from '../common/ticket.ts';
import type { KnownSubmission } from '../read/order-store.ts';
import type { OrderSubmission } from './order-submission.ts';

/** The result of an append, for other requests that submit the same order. */
export interface AppendResult {
  readonly fingerprint: string;
  /** The position of the order in the log, or the failure. */
  readonly end: LogPosition | Failure;
  /** True if the database has this order. Then no other order can get its idempotency key. */
  readonly isStored: boolean;
}

export interface OpenAppend {
  readonly submission: OrderSubmission;
  /** Position of the order in its call. */
  readonly index: number;
  /** Leader epoch before the append; null while it is unknown. */
  readonly epoch: number | null;
  /** The earlier order of this key, once it is known. The append then creates no second order. */
  known: KnownSubmission | null;
  /** Null until the append has ended. */
  end: LogPosition | Failure | null;
  waiting: ((result: AppendResult) => void)[] | null;
}

export interface InFlight {
  /** The result of the append of this order that is in flight, or null when there is none. */
  join(orderId: string): Promise<AppendResult> | null;
  /** Registers the append of an order without one in flight. From now on other requests can join it. */
  open(submission: OrderSubmission, index: number): OpenAppend;
  /** Ends the append: remembers the order and passes the result to the requests that joined. */
  close(append: OpenAppend, end: LogPosition | Failure): void;
}

export interface InFlightDeps {
  /** Called when the order is in the log. */
  readonly onAppended: (orderId: string, known: KnownSubmission) => void;
  /** The leader epoch of the partition. Null while the epoch is unknown. The result is then not remembered. */
  readonly epochOf: (partition: number) => number | null;
}

export function createInFlight({ onAppended, epochOf }: InFlightDeps): InFlight {
  const open = new Map<string, OpenAppend>();
  return {
    join(orderId) {
      const append = open.get(orderId);
      if (append === undefined) return null;
      return new Promise((resolve) => {
        append.waiting ??= [];
        append.waiting.push(resolve);
      });
    },
    open(submission, index) {
      // Read the epoch before the append. If it changes meanwhile, the remembered order is ignored and never
      // wrongly used.
      const epoch = epochOf(submission.message.partition);
      const append: OpenAppend = { submission, index, epoch, known: null, end: null, waiting: null };
      open.set(submission.orderId, append);
      return append;
    },
    close(append, end) {
      const { submission, epoch, known, waiting } = append;
      const { orderId, fingerprint } = submission;
      open.delete(orderId);
      append.end = end;
      let result: AppendResult = { fingerprint, end, isStored: false };
      if (!(end instanceof Failure)) {
        const order = known ?? { fingerprint, position: end, epoch };
        result = { fingerprint: order.fingerprint, end: order.position, isStored: known !== null };
        if (known !== null || epoch !== null) onAppended(orderId, order);
      }
      if (waiting !== null) for (const resolve of waiting) resolve(result);
    },
  };
}
