/** How a command becomes a record of the command topic. */
import type { AdjustStockCommand, OrderCommand } from '../../../schemas/index.ts';
import { COMMANDS, partitionOfOrder, partitionOfSku } from '../../../topics/index.ts';
import { CHECKSUM_HEADER, type Codec, checksumOf } from '../codec/index.ts';
import type { OutMessage } from '../kafka/index.ts';

/** A command with the subject that decides its partition: an order, or the SKU of a stock command. */
export type RoutedCommand = (OrderCommand & { orderId: string }) | AdjustStockCommand;

/** The record of a command. `nowMs` is its timestamp. */
export function commandMessage(
  commands: Pick<Codec<OrderCommand>, 'encode'>,
  command: RoutedCommand,
  nowMs: number,
): OutMessage {
  const value = commands.encode(command);
  return {
    topic: COMMANDS,
    partition: partitionOf(command),
    key: Buffer.from(subjectOf(command), 'latin1'),
    value,
    headers: { [CHECKSUM_HEADER]: checksumOf(value) },
    timestampMs: nowMs,
  };
}

/** The key of the record: the order id, or the SKU of a stock command. Both are ASCII. */
function subjectOf(command: RoutedCommand): string {
  return command.type === 'ADJUST_STOCK' ? command.payload.sku : command.orderId;
}

/** The partition of the record. */
export function partitionOf(command: RoutedCommand): number {
  const subject = subjectOf(command);
  return command.type === 'ADJUST_STOCK' ? partitionOfSku(subject) : partitionOfOrder(subject);
}
