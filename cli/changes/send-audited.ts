/** Sends a command of an operator to the command log, with a row of the audit log. */
import type { Connection } from 'mysql2/promise';
import { type AuditEntry, recordAudit } from '../../services/shared/audit/index.ts';
import type { KeyedCommand } from '../../services/shared/command-log/index.ts';
import { CliError } from '../errors.ts';
import { auditTargetOf, currentOperator } from '../operator.ts';
import { sendCommand } from '../payments/send-command.ts';

interface AuditedCommand {
  /** The local instance. */
  readonly name: string;
  readonly key: string;
  readonly command: KeyedCommand;
  readonly entry: AuditEntry;
}

export type SentPosition = Awaited<ReturnType<typeof sendCommand>>;

/**
 * Writes the row of the audit log, then appends the command. So no command is in the log without its row, also if the answer
 * of the broker is lost.
 *
 * @throws CliError if the command may not be in the log
 */
export async function sendAudited(
  db: Connection,
  { name, key, command, entry }: AuditedCommand,
): Promise<SentPosition> {
  await recordAudit(auditTargetOf(db), currentOperator(), [entry], command.issuedAt);
  return sendCommand(name, command).catch((error: unknown) => {
    throw new CliError(
      `the command may not be in the log. Send it again with --key ${key}: it is applied once`,
      { detailLines: [error instanceof Error ? error.message : String(error)], cause: error },
    );
  });
}
