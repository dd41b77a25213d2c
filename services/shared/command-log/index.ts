/** How a command becomes a record of the command topic. */
import type { AdjustStockCommand, OrderCommand } from '../../../schemas/index.ts';
import { COMMANDS, partitionOfOrder, partitionOfSku } from '../../../topics/index.ts';
import { CHECKSUM_HEADER, type Codec, checksumOf } from '../codec/index.ts';
import type { OutMessage } from '../kafka/index.ts';

/** A command with the subject that is the key of its record: an order or a SKU. */
export type KeyedCommand = AdjustStockCommand | (OrderCommand & { orderId: string });

/** The record of a command about an order, or about the stock of a SKU. `nowMs` is its timestamp. */
export function commandMessage(
  commands: Pick<Codec<OrderCommand>, 'encode'>,
  command: KeyedCommand,
  nowMs: number,
): OutMessage {
  const value = commands.encode(command);
  const [key, partition] =
    command.type === 'ADJUST_STOCK'
      ? [command.payload.sku, partitionOfSku(command.payload.sku)]
      : [command.orderId, partitionOfOrder(command.orderId)];
  return {
    topic: COMMANDS,
    partition,
    key: Buffer.from(key, 'latin1'),
    value,
    headers: { [CHECKSUM_HEADER]: checksumOf(value) },
    timestampMs: nowMs,
  };
}
