/** Sends a change of one order to the command log, with a row of the audit log. Then it waits for the outcome. */
import { randomUUID } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import type { OrderCommand } from '../../schemas/index.ts';
import type { AuditAction, AuditDetails } from '../../services/shared/audit/index.ts';
import { databaseNowMs, withDatabase } from '../database.ts';
import { operatorActor } from '../operator.ts';
import { findServers } from '../servers.ts';
import { changeCommand, type OrderChange } from './change.ts';
import { appliedText, refusedText } from './format.ts';
import type { ChangeOptions } from './options.ts';
import { waitForOutcome } from './outcome.ts';
import { reportOutcome } from './report.ts';
import { type SentPosition, sendAudited } from './send-audited.ts';

const auditActions: Readonly<Record<OrderChange['type'], AuditAction>> = {
  SHIP: 'order.ship_requested',
  DELIVER: 'order.deliver_requested',
  RETURN: 'order.return_requested',
  REQUEST_REFUND: 'order.refund_requested',
};

/**
 * Sends the change and prints its outcome. The exit code is 1 if it has no effect. `changeAt` makes the change from the
 * time of the database, in epoch ms.
 *
 * @throws CliError if the command may not be in the log, or if it has no outcome in time
 */
export async function requestChange(
  orderId: string,
  changeAt: (nowMs: number) => OrderChange,
  options: ChangeOptions,
): Promise<void> {
  const { name, key = randomUUID() } = options;
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  await withDatabase(mysqlUrl, async (db) => {
    const { type, command, sent } = await sendChange(db, { name, orderId, key, changeAt });
    await reportOutcome(
      {
        ...{ sent, key, about: { orderId, type, commandId: command.commandId } },
        laterWith: `\`orderstream explain ${orderId}\``,
        waitFor: (waitMs) => waitForOutcome(db, command, sent, waitMs),
        applied: (outcome) => appliedText(type, outcome),
        refused: (outcome) => refusedText(type, outcome),
      },
      options,
    );
  });
}

interface SendRequest {
  /** The local instance. */
  readonly name: string;
  readonly orderId: string;
  readonly key: string;
  changeAt(nowMs: number): OrderChange;
}

interface SentChange {
  readonly type: OrderChange['type'];
  readonly command: OrderCommand & { orderId: string };
  readonly sent: SentPosition;
}

/**
 * Sends the change with its row of the audit log.
 *
 * @throws CliError if the command may not be in the log
 */
export async function sendChange(
  db: Connection,
  { name, orderId, key, changeAt }: SendRequest,
): Promise<SentChange> {
  const nowMs = await databaseNowMs(db);
  const change = changeAt(nowMs);
  const command = changeCommand(change, { orderId, key, actor: operatorActor(), nowMs });
  const details: AuditDetails = { commandId: command.commandId, key, ...detailsOf(change) };
  const entry = { action: auditActions[change.type], subjectId: orderId, details };
  const sent = await sendAudited(db, { name, key, command, entry });
  return { type: change.type, command, sent };
}

/** Numbers only: a free text or a tracking number may name a person. */
function detailsOf({ type, payload }: OrderChange): AuditDetails {
  switch (type) {
    case 'SHIP':
      return { lines: payload.lines.map(({ line, quantity }) => `${line}:${quantity}`) };
    case 'DELIVER':
      return { shipment: payload.shipment, deliveredAt: payload.deliveredAt };
    case 'RETURN': {
      const lines = payload.lines.map(({ line, quantity, restock }) => `${line}:${quantity}:${restock}`);
      return { lines, refund: payload.refund };
    }
    case 'REQUEST_REFUND': {
      const { amount, shipping } = payload;
      return { amount, shipping, lines: payload.lines.map(({ line, quantity }) => `${line}:${quantity}`) };
    }
  }
}
