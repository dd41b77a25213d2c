/** Places the orders of a batch. Each order has its own result. */
import { Failure } from '../common/failure.ts';
import type { LogPosition } from '../common/ticket.ts';
import type { PartitionProgress } from '../read/partition-progress.ts';
import type { IsOrderOf } from '../submit/is-order-of.ts';
import type { OrderSubmission } from '../submit/order-submission.ts';
import type { Submit, SubmitResult } from '../submit/submit.ts';

export interface PlaceBatchDeps {
  readonly submit: Submit;
  readonly isOrderOf: IsOrderOf;
  readonly progress: Pick<PartitionProgress, 'nextUnpublished'>;
}

export interface BatchPlaced {
  readonly position: LogPosition;
  readonly replayed: boolean;
  /** Whether the order was placed before and has its outcome. */
  readonly decided: boolean;
}

/** The results by position: the order is durable, or the failure of `Submit`. Never rejects. */
export async function placeBatch(
  deps: PlaceBatchDeps,
  submissions: readonly OrderSubmission[],
): Promise<readonly (BatchPlaced | Failure)[]> {
  const submitted = await deps.submit(submissions);
  return Promise.all(submitted.map((result, i) => placed(deps, submissions[i]!, result)));
}

/** A replayed result is checked, because the remembered body may have lost the key to another body. */
async function placed(
  { isOrderOf, progress }: PlaceBatchDeps,
  submission: OrderSubmission,
  result: SubmitResult,
): Promise<BatchPlaced | Failure> {
  if (result instanceof Failure) return result;
  const { partition, offset } = result.position;
  const decided = result.replayed && (progress.nextUnpublished(partition) ?? 0) > offset;
  if (decided && (await isOrderOf(submission)) === false) return keyReused;
  return { ...result, decided };
}

const keyReused = new Failure('KEY_REUSED');
