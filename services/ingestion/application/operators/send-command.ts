/** Sends a command of an operator, and waits for its outcome if the client wants it. */
import { Failure } from '../common/failure.ts';
import type { ReadStatus } from '../read/status.ts';
import { noPatience, type Patience, waiting } from '../wait/patience.ts';
import type { Waits } from '../wait/waits.ts';
import type { CommandTicket } from './command-ticket.ts';
import { type CommandSubject, type OperatorCommand, subjectKeyOf } from './operator-command.ts';
import type { CommandState, OperatorCommands } from './operator-commands.ts';

export interface SendCommandDeps {
  readonly operatorCommands: OperatorCommands;
  readonly readStatus: ReadStatus;
  readonly waits: Waits;
}

/** The failure is one of `OperatorCommands.submit`. Never rejects. */
export function sendCommand(
  deps: SendCommandDeps,
  command: OperatorCommand,
  callerId: string,
  patience: Patience,
): Promise<CommandState | Failure> {
  const timeoutMs = patience.waitMs;
  return waiting(deps, subjectKeyOf(command.subject), callerId, patience, (wait) =>
    deps.operatorCommands.submit(command, { wait, timeoutMs, callerId }),
  );
}

export interface CommandAddress {
  readonly subject: CommandSubject;
  readonly commandId: string;
}

export interface ReadCommandInput {
  readonly address: CommandAddress;
  readonly ticket: CommandTicket | null;
  readonly callerId: string;
}

interface ReadCommand {
  readonly state: CommandState;
  /** Whether the request waited for the outcome. */
  readonly waited: boolean;
}

/** The state of the command. The failure is one of `OperatorCommands.read`. Never rejects. */
export async function getCommand(
  deps: SendCommandDeps,
  { address, ticket, callerId }: ReadCommandInput,
  patience: Patience,
): Promise<ReadCommand | Failure> {
  const read = () => deps.operatorCommands.read({ ...address, ticket, callerId });
  const position = ticket?.position ?? 'otherLog';
  // Without its position nobody knows which outcome is the one of the command.
  const { waitMs, onGone } = position === 'otherLog' ? noPatience : patience;
  return waiting(deps, subjectKeyOf(address.subject), callerId, { waitMs, onGone }, async (wait) => {
    const state = await read();
    if (state instanceof Failure) return state;
    if (wait === null || position === 'otherLog' || state.kind === 'decided') return { state, waited: false };
    await wait.until(({ sourceOffset }) => sourceOffset >= position.offset, waitMs);
    const later = await read();
    return later instanceof Failure ? later : { state: later, waited: true };
  });
}
