/**
 * The decision: a pure fold over a batch of commands in offset order. It has no clock, no I/O and no randomness;
 * what it needs to know comes in as a snapshot, what it wants done goes out as data. Every record gets exactly one
 * event. The same commands give the same outcomes however they are cut into batches.
 */
import type { OrderCommand, OrderEvent } from '../../schemas/generated/types.ts';
import { decideCancel } from './decide-cancel.ts';
import { decidePlace } from './decide-place.ts';
import { deadLettered, duplicateCommand } from './events.ts';
import {
  type CommandRow,
  commandKey,
  type DecideSettings,
  type Decision,
  type Fold,
  type Snapshot,
  type SourceRecord,
  type StoredOutcome,
} from './fold.ts';
import type { OrderStatus } from './order-status.ts';
import { openStockLedger } from './stock-ledger.ts';

/** Decides a batch. `records` must be in offset order within each partition. */
export function decide(
  snapshot: Snapshot,
  records: readonly SourceRecord[],
  settings: DecideSettings,
): Decision {
  const fold: Fold = {
    snapshot,
    settings,
    stock: openStockLedger(snapshot.stockLevels),
    orders: new Map(),
    newOrders: [],
    changes: [],
  };
  const stored = new Map<string, StoredOutcome>();
  const commandRows: CommandRow[] = [];
  const events = records.map((record) => {
    const { content } = record;
    if (content.kind === 'deadLetter') {
      return deadLettered(record, content.orderId, content.reason, settings.nowMs);
    }
    const { command } = content;
    if (command.type === 'PLACE') return decidePlace(fold, record, command);
    const key = commandKey(command.orderId, command.commandId);
    const before = stored.get(key) ?? snapshot.commands.get(key);
    if (before !== undefined) return duplicateCommand(record, command, before, settings.nowMs);
    const event = decideChange(fold, record, command);
    const outcome = {
      version: event.version,
      status: event.status as OrderStatus | null,
      reason: event.reason,
    };
    stored.set(key, outcome);
    commandRows.push({ ...outcome, record, command, outcome: event.outcome });
    return event;
  });
  return {
    events,
    newOrders: fold.newOrders,
    changes: fold.changes,
    commandRows,
    stock: fold.stock.changes(),
  };
}

function decideChange(fold: Fold, record: SourceRecord, command: OrderCommand): OrderEvent {
  if (command.type === 'CANCEL') return decideCancel(fold, record, command);
  throw new RangeError(`decide does not know ${command.type}; the lane must stop before such a command`);
}
