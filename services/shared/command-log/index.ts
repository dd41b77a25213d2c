/** How a command becomes a record of the command topic. */
import type { OrderCommand } from '../../../schemas/index.ts';
import { COMMANDS, partitionOfOrder } from '../../../topics/index.ts';
import { CHECKSUM_HEADER, type Codec, checksumOf } from '../codec/index.ts';
import type { OutMessage } from '../kafka/index.ts';

/** The record of a command about an order. `nowMs` is its timestamp. */
export function commandMessage(
  commands: Pick<Codec<OrderCommand>, 'encode'>,
  command: OrderCommand & { orderId: string },
  nowMs: number,
): OutMessage {
  const value = commands.encode(command);
  return {
    topic: COMMANDS,
    partition: partitionOfOrder(command.orderId),
    key: Buffer.from(command.orderId, 'latin1'),
    value,
    headers: { [CHECKSUM_HEADER]: checksumOf(value) },
    timestampMs: nowMs,
  };
}
