/** A command of an operator as a message. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Tickets } from '../../application/common/ticket.ts';
import { issueCommandTicket } from '../../application/operators/command-ticket.ts';
import { commandTypeOf } from '../../application/operators/operator-command.ts';
import type { CommandState } from '../../application/operators/operator-commands.ts';
import type { CommandAddress } from '../../application/operators/send-command.ts';
import { commandDeadLettered } from '../../application/read/order-view.ts';
import { CommandOutcome, type CommandResponseSchema } from '../generated/orderstream/v1/orders_pb.ts';
import { type ShowDeps, showQueue, showReason, showStatus } from './show-order.ts';
import { timestampOf } from './times.ts';

interface ShowCommandDeps extends ShowDeps {
  readonly tickets: Tickets;
}

/** The command in this state. `fingerprint` is the one of its request, or the start of it from its ticket. */
export function showCommand(
  deps: ShowCommandDeps,
  address: CommandAddress & { readonly fingerprint: string },
  state: CommandState,
): MessageInitShape<typeof CommandResponseSchema> {
  const { commandId: id } = address;
  if (state.kind === 'queued') {
    const queue = showQueue(deps.progress.queueOf(state.position));
    const ticket = issueCommandTicket(deps.tickets, address, state.position);
    const command = { id, type: commandTypeOf(id), outcome: CommandOutcome.QUEUED, queue, ticket };
    return { command, replayed: false };
  }
  const { type, outcome, version, status, reason, atMs } = state.command;
  const why = outcome === 'DEAD_LETTERED' ? commandDeadLettered : reason;
  const command = {
    ...{ id, type, version },
    outcome: outcomeOf(outcome),
    ...(status !== null && { status: showStatus(status) }),
    ...(why !== null && { reason: showReason(why) }),
    ...(atMs !== null && { decideTime: timestampOf(atMs) }),
  };
  return { command, replayed: state.replayed };
}

/** UNSPECIFIED for an outcome that this version does not know. */
function outcomeOf(outcome: string): CommandOutcome {
  return (CommandOutcome as Readonly<Record<string, CommandOutcome>>)[outcome] ?? CommandOutcome.UNSPECIFIED;
}
