/** A valid order with its idempotency key, ready for the log. */
import type { OutMessage } from '../../../shared/kafka/index.ts';
import { type CustomerKey, sealCommand } from '../../../shared/personal-data/index.ts';
import type { CommandLog } from './command-log.ts';
import { fingerprintOf } from './fingerprint.ts';
import { orderIdOf } from './order-id.ts';
import { type PlaceCommandInput, placeCommand } from './to-command.ts';

export interface EncodeDeps {
  readonly commandLog: Pick<CommandLog, 'encode'>;
  readonly nowMs: () => number;
}

export interface OrderSubmission {
  readonly orderId: string;
  /** SHA-256 of the order's canonical JSON, in base64url. */
  readonly fingerprint: string;
  /** The place command, encoded. */
  readonly message: OutMessage;
}

interface SubmissionInput extends Omit<PlaceCommandInput, 'orderId' | 'fingerprint'> {
  /** Null: the personal fields stay readable. */
  readonly customerKey: CustomerKey | null;
}

/**
 * Seals and encodes the place command at once, so that the order itself is no longer needed. The time in the command is
 * the time of this call.
 */
export function encodeSubmission(
  { commandLog, nowMs }: EncodeDeps,
  { customerKey, ...input }: SubmissionInput,
): OrderSubmission {
  const orderId = orderIdOf(input.customerId, input.idempotencyKey);
  const fingerprint = fingerprintOf(input.order);
  const command = placeCommand({ ...input, orderId, fingerprint }, nowMs());
  return { orderId, fingerprint, message: commandLog.encode(sealCommand(command, customerKey)) };
}
