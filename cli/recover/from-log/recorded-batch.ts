/**
 * The batches of a recovery. One batch holds neighbours of one lane that were decided at the same time with the same
 * rules. So one write with one time repeats what a worker wrote.
 */
import type { OrderEvent } from '../../../schemas/index.ts';
import type { InRecord } from '../../../services/shared/kafka/index.ts';

/** A command of the log, its published outcome, and the place of the outcome in the outcome topic. */
export interface RecordedPair {
  readonly record: InRecord;
  readonly outcome: OrderEvent;
  readonly outcomeOffset: number;
}

/** Commands of one lane, in the order of the log. There is at least one. */
export type RecordedBatch = readonly RecordedPair[];

/** A transaction of this size holds its locks for a moment only. */
const batchMax = 500;

/** Cuts the commands of one lane into batches. */
export async function* batchesOf(pairs: AsyncIterable<RecordedPair>): AsyncGenerator<RecordedBatch> {
  let batch: RecordedPair[] = [];
  let rules: string | null = null;
  for await (const pair of pairs) {
    const own = rulesOf(pair.outcome);
    const isOther =
      batch.length === batchMax ||
      pair.outcome.occurredAt !== batch[0]?.outcome.occurredAt ||
      (own !== null && rules !== null && own !== rules);
    if (isOther && batch.length > 0) {
      yield batch;
      batch = [];
      rules = null;
    }
    batch.push(pair);
    rules ??= own;
  }
  if (batch.length > 0) yield batch;
}

/** The rules that priced an accepted order; null for any other outcome. */
function rulesOf({ order }: OrderEvent): string | null {
  return order === null ? null : `${order.priceVersion} ${order.rulesVersion} ${order.flags}`;
}
