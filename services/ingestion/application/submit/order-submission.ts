/** A valid order under its key, as the place that is submitted. */
import type { OutMessage } from '../../../shared/kafka/index.ts';
import type { CommandLog } from './command-log.ts';
import { fingerprintOf } from './fingerprint.ts';
import { orderIdOf } from './order-id.ts';
import { type PlaceOrderInput, placeCommand } from './to-command.ts';

export interface PlaceDeps {
  readonly commandLog: Pick<CommandLog, 'encode'>;
  readonly nowMs: () => number;
}

/** A place that was read and found valid. */
export interface Place {
  readonly orderId: string;
  /** SHA-256 of the request's canonical JSON, in base64url. */
  readonly fingerprint: string;
  /** The place command, encoded. */
  readonly message: OutMessage;
}

/** The place, its command encoded: the order itself is not needed any more. The time in both is that of reading. */
export function readPlace(
  { commandLog, nowMs }: PlaceDeps,
  request: Omit<PlaceOrderInput, 'orderId' | 'fingerprint'>,
): Place {
  const orderId = orderIdOf(request.customerId, request.idempotencyKey);
  const fingerprint = fingerprintOf(request.order);
  const command = placeCommand({ ...request, orderId, fingerprint }, nowMs());
  return { orderId, fingerprint, message: commandLog.encode(command) };
}
