/** Sends an adjustment of stock to the command log, and waits for its outcome. */
import { randomUUID } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import { noOrderId } from '../../services/domain/index.ts';
import type { ChangeOptions } from '../changes/options.ts';
import { type ChangeOutcome, waitForOutcome } from '../changes/outcome.ts';
import { reportOutcome } from '../changes/report.ts';
import { type SentPosition, sendAudited } from '../changes/send-audited.ts';
import { databaseNowMs, withDatabase } from '../database.ts';
import { operatorActor } from '../operator.ts';
import { findServers } from '../servers.ts';
import { adjustCommand } from './adjust-command.ts';
import { type AdjustOutcome, adjustedText, refusedText } from './format.ts';
import { readAdjustment } from './read-stock.ts';

export interface AdjustOptions extends ChangeOptions {
  readonly reason?: string;
}

/**
 * Adds `delta` units to the stock of a SKU, or takes them away if it is below 0. Prints the outcome. The exit code is 1 if
 * the adjustment has no effect.
 *
 * @throws CliError if the command may not be in the log, or if it has no outcome in time
 */
export async function adjustStock(sku: string, delta: number, options: AdjustOptions): Promise<void> {
  const { name, key = randomUUID(), reason = null } = options;
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  await withDatabase(mysqlUrl, async (db) => {
    const nowMs = await databaseNowMs(db);
    const command = adjustCommand({ sku, delta, reason, key, actor: operatorActor(), nowMs });
    const details = { commandId: command.commandId, key, delta };
    const entry = { action: 'stock.adjust_requested', subjectId: sku, details } as const;
    const sent = await sendAudited(db, { name, key, command, entry });
    await reportOutcome(
      {
        ...{ sent, key, about: { sku, delta, commandId: command.commandId } },
        laterWith: `the same command with --key ${key}`,
        waitFor: (waitMs) => outcomeOf(db, command, sent, waitMs),
        applied: (outcome) => adjustedText(sku, outcome),
        refused: refusedText,
      },
      options,
    );
  });
}

async function outcomeOf(
  db: Connection,
  command: ReturnType<typeof adjustCommand>,
  sent: SentPosition,
  waitMs: number,
): Promise<AdjustOutcome | null> {
  const { commandId, fingerprint, payload } = command;
  const found = await waitForOutcome(db, { commandId, fingerprint, orderId: noOrderId }, sent, waitMs);
  if (found === null) return null;
  const { outcome, isRepeat, reason }: ChangeOutcome = found;
  const adjustment = outcome === 'APPLIED' ? await readAdjustment(db, payload.sku, commandId) : null;
  return { outcome, isRepeat, reason, delta: payload.delta, available: adjustment?.available ?? null };
}
