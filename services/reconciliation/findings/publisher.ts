/** Publishes findings on their topic, for consumers that need a notification. Only the table is complete. */
import { FINDINGS, PARTITIONS, partitionOfOrder, partitionOfSku } from '../../../topics/index.ts';
import { errorMessage } from '../../shared/errors/index.ts';
import type { Accumulator, OutMessage } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { inChunks } from '../checks/pace.ts';
import { kinds } from './finding-kinds.ts';
import type { FindingChange } from './findings.ts';

/** Maximum concurrent sends to the brokers. */
const inFlightMax = 500;

/** Never throws: an unpublished change is still in the table. */
export function createPublisher(deps: {
  accumulator: Pick<Accumulator, 'send'>;
  log: Logger;
  metrics: Pick<Metrics, 'inc'>;
}): (changes: readonly FindingChange[]) => Promise<void> {
  return async (changes) => {
    for (const part of inChunks(changes, inFlightMax)) {
      const sent = await Promise.allSettled(part.map((change) => deps.accumulator.send(messageOf(change))));
      const failed = sent.filter((result) => result.status === 'rejected');
      deps.metrics.inc('reconciliation_published_total', { result: 'sent' }, sent.length - failed.length);
      deps.metrics.inc('reconciliation_published_total', { result: 'failed' }, failed.length);
      const [first] = failed;
      if (first === undefined) continue;
      deps.log.warn(
        { failed: failed.length, reason: errorMessage(first.reason) },
        'reconciliation cannot publish findings; the table still has them',
      );
    }
  };
}

/** The key is the subject, and the value is JSON. */
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
    case 'topic':
    case 'kind':
      return 0;
    default:
      // Offsets, partitions and event ids begin with the number of their partition.
      return partitionIn(subject);
  }
}

/** The subject may come from a foreign record. Without a valid partition, the finding goes to the first partition. */
function partitionIn(subject: string): number {
  const partition = Number.parseInt(subject, 10);
  return partition >= 0 && partition < PARTITIONS ? partition : 0;
}
