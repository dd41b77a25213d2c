/** How a command becomes a record of the command topic. */
import type { AdjustStockCommand, OrderCommand } from '../../../schemas/index.ts';
import { COMMANDS, partitionOfOrder, partitionOfSku } from '../../../topics/index.ts';
import { CHECKSUM_HEADER, type Codec, checksumOf } from '../codec/index.ts';
import type { OutMessage } from '../kafka/index.ts';

/** A command with the subject that is the key of its record: an order or a SKU. */
export type KeyedCommand = AdjustStockCommand | (OrderCommand & { orderId: string });

/** The record of a command. `nowMs` is its timestamp. */
export function commandMessage(
  commands: Pick<Codec<OrderCommand>, 'encode'>,
  command: KeyedCommand,
  nowMs: number,
): OutMessage {
  const value = commands.encode(command);
  return {
    topic: COMMANDS,
    partition: partitionOf(command),
    key: Buffer.from(keyOf(command), 'latin1'),
    value,
    headers: { [CHECKSUM_HEADER]: checksumOf(value) },
    timestampMs: nowMs,
  };
}

/** The key of the record: the order id, or the SKU of a stock command. Both are ASCII. */
function keyOf(command: KeyedCommand): string {
  return command.type === 'ADJUST_STOCK' ? command.payload.sku : command.orderId;
}

/** The partition of the record. */
export function partitionOf(command: KeyedCommand): number {
  const subject = keyOf(command);
  return command.type === 'ADJUST_STOCK' ? partitionOfSku(subject) : partitionOfOrder(subject);
}
