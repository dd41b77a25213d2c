/** How a command becomes a record of the command topic. */
import type { AdjustStockCommand, OrderCommand } from '../../../schemas/index.ts';
import { COMMANDS, partitionOfOrder, partitionOfSku } from '../../../topics/index.ts';
import { CHECKSUM_HEADER, type Codec, checksumOf } from '../codec/index.ts';
import type { OutMessage } from '../kafka/index.ts';
import { sendSpec, TRACEPARENT_HEADER, type TraceSpan, type Traces } from '../trace/index.ts';

/** A command with the subject that is the key of its record: an order or a SKU. */
export type KeyedCommand = AdjustStockCommand | (OrderCommand & { orderId: string });

/**
 * The record of a command. `nowMs` is its timestamp. With the span that sends it, the command and a header name this
 * span. The worker copies both to the outcome.
 */
export function commandMessage(
  commands: Pick<Codec<OrderCommand>, 'encode'>,
  command: KeyedCommand,
  nowMs: number,
  span: TraceSpan | null = null,
): OutMessage {
  const value = commands.encode(span === null ? command : { ...command, traceparent: span.traceparent });
  const checksum = checksumOf(value);
  return {
    topic: COMMANDS,
    partition: partitionOf(command),
    key: Buffer.from(keyOf(command), 'latin1'),
    value,
    headers:
      span === null
        ? { [CHECKSUM_HEADER]: checksum }
        : { [CHECKSUM_HEADER]: checksum, [TRACEPARENT_HEADER]: span.traceparent },
    timestampMs: nowMs,
  };
}

/**
 * Starts the span that sends a command. It continues the trace of the command. A command without a trace may begin one
 * if `isRoot`. Null if it is not recorded.
 */
export function startSend(traces: Traces, command: KeyedCommand, isRoot = false): TraceSpan | null {
  if (!traces.isOn || (command.traceparent === null && !isRoot)) return null;
  const spec = sendSpec(COMMANDS, partitionOf(command), 1);
  return command.traceparent === null ? traces.startRoot(spec) : traces.startChild(spec, command.traceparent);
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
