/** Requests the cancellation of an order. */
import { Failure } from '../common/failure.ts';
import type { OrderAddress } from '../read/order-address.ts';
import type { OrderState, ReadStatus } from '../read/status.ts';
import type { CustomerKeys } from '../sealing/customer-keys.ts';
import { sealedMessage } from '../sealing/sealed-message.ts';
import { appendOne, type CommandLog } from '../submit/command-log.ts';
import { cancelCommand } from '../submit/to-command.ts';
import { type Patience, waiting } from '../wait/patience.ts';
import type { Waits } from '../wait/waits.ts';
import { versionOf } from './get-order.ts';

export interface CancelOrderDeps {
  readonly readStatus: ReadStatus;
  readonly commandLog: CommandLog;
  readonly customerKeys: CustomerKeys;
  readonly waits: Waits;
  readonly nowMs: () => number;
}

export interface CancelOrderInput {
  readonly address: OrderAddress;
  /** The reason in the customer's words, or null. */
  readonly reason: string | null;
  /** The only version that may be cancelled; null for any. */
  readonly version: number | null;
  readonly traceparent: string | null;
}

interface CancelResult {
  readonly state: OrderState;
  /** Whether the command is processed: the state shows its result. */
  readonly processed: boolean;
}

/**
 * The failure is VERSION_STALE, one of `readStatus`, NOT_PRODUCED, OUTCOME_UNKNOWN or OVERLOADED. Never rejects.
 */
export async function cancelOrder(
  deps: CancelOrderDeps,
  { address, reason, version, traceparent }: CancelOrderInput,
  patience: Patience,
): Promise<CancelResult | Failure> {
  const state = await deps.readStatus(address);
  if (state instanceof Failure) return state;
  const expectedVersion = version === null ? null : expectVersion(state, version);
  if (expectedVersion instanceof Failure) return expectedVersion;
  const { orderId, customerId, isOperator = false } = address;
  const command = cancelCommand(
    { orderId, customerId, isOperator, reason, expectedVersion, traceparent },
    deps.nowMs(),
  );
  return waiting(deps, orderId, customerId, patience, async (wait) => {
    const message = await sealedMessage(deps, command);
    if (message instanceof Failure) return message;
    const position = await appendOne(deps.commandLog, message);
    if (position instanceof Failure) return position;
    const event = await wait?.until(({ sourceOffset }) => sourceOffset >= position.offset, patience.waitMs);
    if (event === null || event === undefined) return { state, processed: false };
    const decided = await deps.readStatus({ ...address, fresh: true });
    return decided instanceof Failure ? decided : { state: decided, processed: true };
  });
}

/** Refuses a version that is already stale. The worker refuses a version that becomes stale later. */
function expectVersion(state: OrderState, expected: number): number | Failure {
  const version = versionOf(state);
  // The next version of a queued order is 1 for every outcome.
  if (expected === version || (version === 0 && expected === 1)) return Math.max(1, expected);
  return new Failure('VERSION_STALE', { detail: `The order is at version ${version}.` });
}
