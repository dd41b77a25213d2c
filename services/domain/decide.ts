/**
 * The decision: a pure loop over a batch of commands in offset order. The loop has no clock, no I/O and no
 * randomness. Its input is a snapshot. Its output is data to write. Every record gets exactly one event. The outcomes
 * do not depend on how the commands are split into batches.
 */
import type { OrderCommand, OrderEvent } from '../../schemas/generated/types.ts';
import { findOrder } from './commands/change.ts';
import { handlerOf } from './commands/registry.ts';
import {
  type CommandRow,
  commandKey,
  type DecideSettings,
  type Decision,
  type DecisionContext,
  type Snapshot,
  type SourceRecord,
  type StoredOutcome,
} from './context.ts';
import { decisionOf, openContext } from './decision-context.ts';
import { deadLettered, duplicateCommand, keyConflict } from './events.ts';
import type { OrderStatus } from './orders/status.ts';

/**
 * Decides a batch. `records` must be in offset order within each partition. Throws RangeError for a command type
 * without a handler, because a lane must stop before such a command.
 */
export function decide(
  snapshot: Snapshot,
  records: readonly SourceRecord[],
  settings: DecideSettings,
): Decision {
  const context = openContext(snapshot, settings);
  const outcomes: StoredOutcomes = { stored: new Map(), rows: [] };
  const events = records.map((record) => {
    const { content } = record;
    return content.kind === 'deadLetter'
      ? deadLettered(record, content.orderId, content.reason, settings.nowMs)
      : decideCommand(context, outcomes, record, content.command);
  });
  return decisionOf(context, events, outcomes.rows);
}

/** The outcomes of this batch, stored under their command ids. */
interface StoredOutcomes {
  readonly stored: Map<string, StoredOutcome>;
  readonly rows: CommandRow[];
}

function decideCommand(
  context: DecisionContext,
  { stored, rows }: StoredOutcomes,
  record: SourceRecord,
  command: OrderCommand,
): OrderEvent {
  const handler = handlerOf(command.type);
  if (handler === undefined) throw new RangeError(`there is no handler for ${command.type}`);
  if (handler.repeatedBy === 'order') return handler.decide(context, record, command);
  const key = commandKey(command.orderId, command.commandId);
  const before = stored.get(key) ?? context.snapshot.commands.get(key);
  if (before !== undefined) return repeated(context, record, command, before);
  const event = handler.decide(context, record, command);
  const { version, reason, outcome } = event;
  const { fingerprint } = command;
  const kept = { version, status: event.status as OrderStatus | null, reason, fingerprint };
  stored.set(key, kept);
  rows.push({ ...kept, record, command, outcome });
  return event;
}

/** A command id that was decided before. With another request under it, the second request has no effect at all. */
function repeated(
  context: DecisionContext,
  record: SourceRecord,
  command: OrderCommand,
  before: StoredOutcome,
): OrderEvent {
  const { nowMs } = context.settings;
  const isSame =
    before.fingerprint === null ||
    command.fingerprint === null ||
    Buffer.compare(before.fingerprint, command.fingerprint) === 0;
  if (isSame) return duplicateCommand(record, command, before, nowMs);
  return keyConflict(record, command, findOrder(context, command) ?? null, nowMs);
}
