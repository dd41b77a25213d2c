/** The outcomes of commands in memory. Tests decide the commands as a worker would. */
import type { OrderCommand, OrderEvent } from '../../../schemas/index.ts';
import { appError } from '../../shared/errors/index.ts';
import type { StoredCommand } from '../application/operators/command-store.ts';
import {
  createOperatorCommands,
  type OperatorCommands,
  type OperatorCommandsDeps,
} from '../application/operators/operator-commands.ts';

export interface FakeCommands {
  /** Stored outcomes by command id. */
  readonly outcomes: Map<string, StoredCommand>;
}

interface FakeCommandsState extends FakeCommands {
  readonly mysqlAway: boolean;
  readonly decided: readonly number[];
  readonly deadLetters: ReadonlySet<string>;
}

export function createFakeCommands(
  controls: FakeCommandsState,
  deps: Pick<OperatorCommandsDeps, 'commandLog' | 'progress' | 'reads'>,
): OperatorCommands {
  return createOperatorCommands({
    ...deps,
    commands: {
      async find(_subject, commandId) {
        if (controls.mysqlAway) throw appError('MYSQL_TIMEOUT', { timeoutMs: 1 });
        return controls.outcomes.get(commandId) ?? null;
      },
    },
    partitionPositions: async () =>
      controls.decided.map((next, partition) => ({ partition, nextOffset: next, publishedOffset: next })),
    isDeadLetter: async ({ partition, offset }) => controls.deadLetters.has(`${partition}.${offset}`),
  });
}

type FakeOutcome = Pick<OrderEvent, 'outcome' | 'version' | 'status' | 'reason'>;

const applied: FakeOutcome = { outcome: 'APPLIED', version: 3, status: 'PAID', reason: null };

/**
 * Decides the last command in the log as a worker would: stores its outcome unless its id has one. Returns the event
 * of the command, to publish.
 */
export function decideLast(
  { commands, outcomes }: FakeCommands & { readonly commands: readonly OrderCommand[] },
  change: Partial<FakeOutcome> = {},
): Partial<OrderEvent> {
  const said = { ...applied, ...change };
  const command = commands.at(-1)!;
  const { commandId, type } = command;
  const fingerprint = Buffer.from(command.fingerprint!).toString('base64url');
  const before = outcomes.get(commandId);
  const event = { commandId, commandType: type, occurredAt: decidedAtMs };
  if (before !== undefined) {
    const { version, status, reason } = before;
    const outcome = before.fingerprint === fingerprint ? 'DUPLICATE' : 'KEY_CONFLICT';
    return { ...event, version, status, reason, outcome };
  }
  outcomes.set(commandId, { ...said, commandId, type, fingerprint, atMs: decidedAtMs });
  return { ...event, ...said };
}

/** The time of every outcome, epoch ms. */
const decidedAtMs = 1_767_600_000_000;
