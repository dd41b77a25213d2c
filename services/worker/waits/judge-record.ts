/**
 * Decides about a record that fails alone in its batch. The worker runs a test batch, retries the record, and runs
 * another test batch. The record is the cause only if it fails between two accepted test batches. In an outage the
 * test batch fails too, so no record becomes a dead letter.
 */
import { errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import { classifyMysqlError } from '../../shared/mysql/index.ts';
import type { SessionKeeper } from '../batching/session-keeper.ts';
import type { LaneBatch } from '../lanes/batch.ts';
import { isServerError, type Quarantine } from '../stages/quarantine.ts';
import { rehearse } from '../store/rehearsal.ts';

export interface JudgeDeps {
  readonly sessions: SessionKeeper;
  readonly quarantine: Quarantine;
  readonly log: Logger;
}

export interface JudgedBatch {
  readonly batch: readonly LaneBatch[];
  rehearsed: boolean;
}

/**
 * Judges the only record of the batch after it failed with `error`. Returns `again` if the caller must retry, with
 * the record or its dead letter. Returns `done` if the lane waits. Never rejects.
 */
export async function judgeAlone(
  deps: JudgeDeps,
  judged: JudgedBatch,
  error: unknown,
): Promise<'again' | 'done'> {
  const { quarantine, log } = deps;
  const { lane, records } = judged.batch[0]!;
  const { offset } = records[0]!;
  if (quarantine.lift(lane.partition, offset)) {
    // The dead letter of the record uses the same tables. If it fails too, the record is probably not the cause.
    lane.blocked(`offset ${offset} cannot even become a dead letter: ${errorMessage(error)}`, {
      needsOperator: true,
      alone: true,
    });
    return 'done';
  }
  if (isServerError(error)) {
    const refusal = await tryRehearsal(deps);
    if (refusal !== null) {
      log.warn(
        { err: refusal, partition: lane.partition, offset },
        'the database refuses a test batch too; the lane waits',
      );
      lane.blocked(`the database refuses every batch, so no record is the cause: ${errorMessage(refusal)}`, {
        alone: true,
      });
      return 'done';
    }
    if (!judged.rehearsed) {
      judged.rehearsed = true;
      return 'again';
    }
  }
  quarantine.recordFailed(lane.partition, offset, error);
  log.error(
    { err: error, partition: lane.partition, offset, kind: classifyMysqlError(error) },
    'a record that cannot be processed becomes a dead letter',
  );
  return 'again';
}

/** Null if the database accepts a test batch, else its error. */
async function tryRehearsal({ sessions }: JudgeDeps): Promise<unknown> {
  try {
    await rehearse(await sessions.open());
    return null;
  } catch (error) {
    sessions.drop();
    return error ?? new Error('the rehearsal failed');
  }
}
