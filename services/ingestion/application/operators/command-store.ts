/** Reads the stored outcomes of commands. The worker writes them. */
import type { Reason } from '../../../../schemas/index.ts';
import { noOrderId } from '../../../domain/index.ts';
import { reasonOf } from '../../../orders-db/index.ts';
import { type Queryable, uuidToBytes } from '../../../shared/mysql/index.ts';
import type { CommandSubject } from './operator-command.ts';

/** What happened to a command. */
export interface DecidedCommand {
  readonly commandId: string;
  readonly type: string;
  readonly outcome: string;
  /** Version of the order after the command. 0 for stock. */
  readonly version: number;
  /** Status of the order after the command. Null for stock, and for an order that does not exist. */
  readonly status: string | null;
  readonly reason: Reason | null;
  /** Null for a dead letter. */
  readonly atMs: number | null;
}

export interface StoredCommand extends DecidedCommand {
  /** In base64url. Null for a command without a request. */
  readonly fingerprint: string | null;
}

export interface CommandStore {
  /** The outcome of the first command with this id, or null. Rejects if MySQL is unavailable. */
  find(subject: CommandSubject, commandId: string): Promise<StoredCommand | null>;
}

interface CommandRow {
  command_type: string;
  outcome: string;
  version: number;
  status: string | null;
  reason: string | null;
  at_ms: number;
  fingerprint: Buffer | null;
}

const columns = 'command_type, outcome, version, status, reason, at_ms, fingerprint';

export function createCommandStore(db: Queryable): CommandStore {
  return {
    async find(subject, commandId) {
      const orderId = 'orderId' in subject ? subject.orderId : noOrderId;
      const [row] = await db.rows<CommandRow>(
        `SELECT ${columns} FROM order_commands WHERE order_id = ? AND command_id = ?`,
        [uuidToBytes(orderId), commandId],
      );
      if (row === undefined) return null;
      const { outcome, version, status } = row;
      return {
        ...{ commandId, type: row.command_type, outcome, version, status },
        reason: reasonOf(row.reason),
        atMs: row.at_ms,
        fingerprint: row.fingerprint?.toString('base64url') ?? null,
      };
    },
  };
}
