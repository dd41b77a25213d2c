/** Findings on their topic, for whoever wants to be told rather than to ask. The table stays the complete list. */
import { FINDINGS, partitionOfOrder, partitionOfSku } from '../../topics/index.ts';
import { errorMessage } from '../shared/errors/index.ts';
import type { Accumulator, OutMessage } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { FindingChange } from './findings.ts';
import { kinds } from './kinds.ts';

/** Never throws: a change that is not published is in the table all the same. */
export function createPublisher(deps: {
  accumulator: Pick<Accumulator, 'send'>;
  log: Logger;
}): (changes: readonly FindingChange[]) => Promise<void> {
  return async (changes) => {
    const sent = await Promise.allSettled(changes.map((change) => deps.accumulator.send(messageOf(change))));
    const failed = sent.filter((result) => result.status === 'rejected');
    const [first] = failed;
    if (first === undefined) return;
    deps.log.warn({ failed: failed.length }, `findings were not published: ${errorMessage(first.reason)}`);
  };
}

/** Key: order id or SKU where the finding is about one. Value: JSON. */
function messageOf(change: FindingChange): OutMessage {
  const { kind, subject, at } = change;
  return {
    topic: FINDINGS,
    partition: partitionOf(kinds[kind].subject, subject),
    key: Buffer.from(subject),
    value: Buffer.from(JSON.stringify({ id: `${kind}/${subject}`, ...change })),
    headers: { 'content-type': 'application/json' },
    timestampMs: Date.parse(at),
  };
}

function partitionOf(kind: (typeof kinds)[keyof typeof kinds]['subject'], subject: string): number {
  switch (kind) {
    case 'order':
      return partitionOfOrder(subject);
    case 'sku':
      return partitionOfSku(subject);
    default:
      // Offsets, partitions and event ids begin with the number of their partition.
      return Number.parseInt(subject, 10);
  }
}
