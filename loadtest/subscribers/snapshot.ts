/** Writes the snapshot of a million orders with the writer of the projector. Reads it as a new team would. */
import path from 'node:path';
import { fetchLogIds } from '../../services/projector/logs.ts';
import { markerOf } from '../../services/projector/projection.ts';
import { messagesOf } from '../../services/projector/snapshot.ts';
import { loadStateCodec } from '../../services/shared/codec/index.ts';
import { openFencedWriter } from '../../services/shared/kafka/index.ts';
import type { StackInfo } from '../../stack/index.ts';
import { PARTITIONS, STATE } from '../../topics/index.ts';
import { runInChild } from '../frame/child.ts';
import { type OwnTopics, openTopics } from '../frame/own-topics.ts';
import type { RunResult } from '../frame/types.ts';
import type { SnapshotJob } from './job.ts';
import { acceptedAt, stateAfter } from './outcomes.ts';

const reader = path.join(import.meta.dirname, 'snapshot-reader.ts');
/** Number of states in a transaction, with one marker. The projector writes such batches under load. */
const batchStates = 1_000;
/** One order in this many was changed once, and compaction has not removed its older state yet. */
const changedEvery = 10;

export interface Snapshot {
  read(): Promise<RunResult>;
  close(): Promise<void>;
}

/** Writes the snapshot once. Each `read` runs in a separate process. */
export async function writeSnapshot(
  stack: StackInfo,
  orders: number,
  tell: (line: string) => void,
): Promise<Snapshot> {
  const own = await openTopics(stack, 'subscribers-snapshot');
  const startedMs = performance.now();
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  await Promise.all(
    partitions.map((partition) => writePartition(own, partition, countOf(partition, orders))),
  );
  tell(
    `${orders} orders are in the snapshot, after ${Math.round((performance.now() - startedMs) / 1_000)} s`,
  );
  return {
    read: () => runInChild(reader, { env: own.env, orders } satisfies SnapshotJob),
    close: own.close,
  };
}

function countOf(partition: number, orders: number): number {
  return Math.floor(orders / PARTITIONS) + (partition < orders % PARTITIONS ? 1 : 0);
}

async function writePartition({ settings, log, env }: OwnTopics, partition: number, orders: number) {
  const codec = await loadStateCodec({ registryUrl: env['SCHEMA_REGISTRY_URL']!, log });
  const name = `orders-projector-${partition}`;
  const ids = await fetchLogIds(settings);
  const writer = await openFencedWriter({ settings, name, topic: STATE, partition });
  for (let first = 0; first < orders; first += batchStates) {
    const count = Math.min(batchStates, orders - first);
    const states = Array.from({ length: count }, (_, index) =>
      stateAfter(acceptedAt(partition, first + index)),
    );
    const changed = states.filter((_, index) => index % changedEvery === 0);
    const covers = first + count - 1;
    const position = { covers, coversFrom: -1, eventsOffset: BigInt(covers + 1) };
    const atMs = states.at(-1)!.updatedAt;
    const before = changed.map((state) => ({ ...state, version: 0, status: 'OLDER' }));
    await writer.append(messagesOf(codec, [...before, ...states], markerOf(partition, position, atMs), ids));
  }
  await writer.close();
}
