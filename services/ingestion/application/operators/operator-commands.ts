/**
 * Sends commands of operators, and reads what happened to them. Every request is appended, and the log decides
 * whether it is a repeat. So no cache is needed, and an unavailable database delays no command.
 */
import type { OrderEvent } from '../../../../schemas/index.ts';
import { Failure } from '../common/failure.ts';
import type { LogPosition } from '../common/ticket.ts';
import type { ReadTurns } from '../limits/reads.ts';
import { aheadOf, type DecidedDeps, isDecided, isPast } from '../read/decided-positions.ts';
import { appendOne, type CommandLog } from '../submit/command-log.ts';
import type { Wait } from '../wait/waits.ts';
import type { CommandStore, DecidedCommand, StoredCommand } from './command-store.ts';
import { type CommandTicket, isTicketOf } from './command-ticket.ts';
import { type CommandSubject, commandTypeOf, type OperatorCommand } from './operator-command.ts';

export type CommandState =
  | { readonly kind: 'queued'; readonly position: LogPosition }
  | {
      readonly kind: 'decided';
      readonly command: DecidedCommand;
      /** An earlier request with the same key and body was the command. */
      readonly replayed: boolean;
    };

interface CommandQuery {
  readonly subject: CommandSubject;
  readonly commandId: string;
  readonly ticket: CommandTicket | null;
  /** The caller, for its turn at the database. */
  readonly callerId: string;
}

export interface OperatorCommands {
  /**
   * Appends the command, and waits for its outcome if there is a wait. Open the wait before the call, so that it
   * misses no outcome. The result is `queued` after the timeout. The failure is KEY_REUSED, NOT_PRODUCED,
   * OUTCOME_UNKNOWN or OVERLOADED. Never rejects.
   */
  submit(
    command: OperatorCommand,
    waiting: { readonly wait: Wait | null; readonly timeoutMs: number; readonly callerId: string },
  ): Promise<CommandState | Failure>;
  /**
   * The failure is COMMAND_NOT_FOUND, COMMAND_LOST, KEY_REUSED if another request has the key, or STATE_UNAVAILABLE
   * or SHARE_USED_UP of the database. Never rejects.
   */
  read(query: CommandQuery): Promise<CommandState | Failure>;
}

export interface OperatorCommandsDeps extends DecidedDeps {
  readonly commandLog: Pick<CommandLog, 'append'>;
  readonly commands: CommandStore;
  readonly isDeadLetter: (position: LogPosition) => Promise<boolean>;
  readonly reads: ReadTurns;
}

const keyReused = new Failure('KEY_REUSED');
const notFound = new Failure('COMMAND_NOT_FOUND');
const lost = new Failure('COMMAND_LOST');

export function createOperatorCommands(deps: OperatorCommandsDeps): OperatorCommands {
  return {
    async submit(command, { wait, timeoutMs, callerId }) {
      const position = await appendOne(deps.commandLog, command.message);
      if (position instanceof Failure) return position;
      const isOwn = ({ sourceOffset }: OrderEvent) => sourceOffset === position.offset;
      const event = (await wait?.until(isOwn, timeoutMs)) ?? null;
      if (event === null) return { kind: 'queued', position };
      if (event.outcome === 'KEY_CONFLICT') return keyReused;
      if (event.outcome !== 'DUPLICATE') return decided(commandOfEvent(command, event), false);
      return (await readFirst(deps, command, callerId)) ?? { kind: 'queued', position };
    },
    async read(query) {
      const state = await deps.reads.run(query.callerId, () => readCommand(deps, query));
      if (!(state instanceof Failure) || state.code !== 'STATE_UNAVAILABLE') return state;
      const position = query.ticket?.position ?? 'otherLog';
      return position !== 'otherLog' && aheadOf(deps, position) >= 0 ? { kind: 'queued', position } : state;
    },
  };
}

function decided(command: DecidedCommand, replayed: boolean): CommandState {
  return { kind: 'decided', command, replayed };
}

/** The outcome as the event has it. Such an event has the outcome of this very command. */
function commandOfEvent(
  { commandId, type }: OperatorCommand,
  { outcome, version, status, reason, occurredAt }: OrderEvent,
): DecidedCommand {
  return { commandId, type, outcome, version, status, reason, atMs: occurredAt };
}

/** The outcome of the first command with this id: a repeat has no outcome of its own. Null if MySQL is unavailable. */
async function readFirst(
  { reads, commands }: OperatorCommandsDeps,
  { subject, commandId }: OperatorCommand,
  callerId: string,
): Promise<CommandState | null> {
  const stored = await reads.run(callerId, () => commands.find(subject, commandId));
  return stored === null || stored instanceof Failure ? null : decided(stored, true);
}

async function readCommand(
  deps: OperatorCommandsDeps,
  { subject, commandId, ticket }: CommandQuery,
): Promise<CommandState | Failure> {
  const stored = await deps.commands.find(subject, commandId);
  if (stored !== null) return stateOf(stored, ticket);
  if (ticket === null) return notFound;
  const { position } = ticket;
  if (position === 'otherLog') return lost;
  // Read the position first and then the row, because the worker may write the row in between.
  if (!(await isDecided(deps, position))) return { kind: 'queued', position };
  const late = await deps.commands.find(subject, commandId);
  if (late !== null) return stateOf(late, ticket);
  if (await deps.isDeadLetter(position)) return decided(deadLettered(commandId), false);
  // Outcomes of a deleted log may look like outcomes of this log. The positions from the database are only of this
  // log.
  return (await isPast(deps, position)) ? lost : { kind: 'queued', position };
}

function stateOf(stored: StoredCommand, ticket: CommandTicket | null): CommandState | Failure {
  const { fingerprint } = stored;
  if (ticket !== null && fingerprint !== null && !isTicketOf(ticket, fingerprint)) return keyReused;
  return decided(stored, false);
}

/** A dead letter has no stored outcome. */
function deadLettered(commandId: string): DecidedCommand {
  const type = commandTypeOf(commandId);
  return { commandId, type, outcome: 'DEAD_LETTERED', version: 0, status: null, reason: null, atMs: null };
}
