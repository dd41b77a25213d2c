import { performance } from 'node:perf_hooks';
import type { FetchedBatch } from 'kafkajs/src/consumer/runner.js';
import { errorMessage } from '../../errors/index.ts';
import type { RecordSet } from '../protocol/record-reader.ts';
import { withoutPrefix, withPrefix } from '../settings.ts';
import type { TopicPartition } from '../types.ts';
import { alarmOnNegativeOffsets } from './consumer-offsets.ts';
import { type ConsumerState, partitionKey } from './consumer-state.ts';
import { diffAssignment } from './positions.ts';

export function joined(state: ConsumerState, generation: number, assigned: TopicPartition[]): void {
  const { group } = state.session!;
  const { metrics, groupId, handlers } = state.options;
  const { kept, gained, lost } = diffAssignment(
    { generation: state.joinedGeneration, partitions: state.assigned },
    { generation, partitions: assigned },
  );
  state.joinedGeneration = generation;
  state.memberId = group.memberId;
  state.assigned = assigned;
  state.joining = false;
  state.lastSignMs = performance.now();
  // kafkajs keeps seeks and pauses after an assignment ends. A partition that is assigned again must not
  // inherit them.
  group.seekOffset.clear();
  for (const { topic, partition } of lost) state.positions.forget(topic, partition);
  for (const { topic, partition } of [...lost, ...gained])
    state.paused.delete(partitionKey(topic, partition));
  for (const { topic, partition } of gained) group.resume([{ topic, partitions: [partition] }]);
  for (const { topic, partition } of kept) {
    if (state.paused.has(partitionKey(topic, partition))) group.pause([{ topic, partitions: [partition] }]);
    const position = state.positions.get(topic, partition);
    if (position !== null) group.seek({ topic, partition, offset: String(position) });
  }
  metrics.inc('kafka_consumer_joins_total', { group: groupId });
  metrics.set('kafka_consumer_partitions', assigned.length, { group: groupId });
  state.log.info(
    { generation, assigned: assigned.length, gained: gained.length, lost: lost.length },
    'the consumer joined its group',
  );
  const ours = (list: TopicPartition[]) => list.map((each) => unwired(state, each));
  guarded(state, () => {
    handlers.onAssigned({ generation, assigned: ours(assigned), gained: ours(gained), lost: ours(lost) });
  });
  void alarmOnNegativeOffsets(group, withPrefix(state.options.settings, groupId), assigned, {
    log: state.log,
    onAlarm: () => metrics.inc('kafka_consumer_bad_offsets_total', { group: groupId, kind: 'negative' }),
  });
  state.started.resolve();
}

export function deliver(state: ConsumerState, batch: FetchedBatch, { records, next }: RecordSet): void {
  const { group } = state.session!;
  const { topic, partition } = batch;
  const { groupId, metrics, handlers } = state.options;
  const isAssigned = state.assigned.some((each) => each.topic === topic && each.partition === partition);
  const fetchedFrom = BigInt(batch.fetchedOffset);
  const expected = state.positions.get(topic, partition) ?? fetchedFrom;
  if (!isAssigned || fetchedFrom !== expected) {
    // This batch was requested before a seek or a join, so its records are not the next ones. Another seek
    // requests the next ones.
    metrics.inc('kafka_consumer_dropped_batches_total', { group: groupId });
    if (isAssigned) group.seek({ topic, partition, offset: String(expected) });
    return;
  }
  if (next === expected) return;
  state.positions.set(topic, partition, next);
  group.resolveOffset({ topic, partition, offset: String(next - 1n) });
  if (records.length === 0) return;
  const name = withoutPrefix(state.options.settings, topic);
  guarded(state, () => handlers.onRecords(name, partition, records, BigInt(batch.highWatermark)));
}

export function outOfRange(state: ConsumerState, topic: string, partition: number): void {
  const { metrics, groupId, handlers } = state.options;
  const position = state.positions.get(topic, partition);
  state.paused.add(partitionKey(topic, partition));
  metrics.inc('kafka_consumer_bad_offsets_total', { group: groupId, kind: 'outOfRange' });
  state.log.error(
    { topic, partition, position: String(position) },
    'the position is outside the log; the consumer pauses the partition',
  );
  if (handlers.onOutOfRange === undefined) {
    state.fail(`position ${position} of ${topic}-${partition} is outside of the log`, undefined);
    return;
  }
  const name = withoutPrefix(state.options.settings, topic);
  guarded(state, () => handlers.onOutOfRange?.(name, partition, position));
}

/** A handler must not throw. If it does, continuing would skip its records. */
function guarded(state: ConsumerState, call: () => void): void {
  try {
    call();
  } catch (error) {
    state.fail(`a handler threw: ${errorMessage(error)}`, error);
  }
}

function unwired(state: ConsumerState, { topic, partition }: TopicPartition): TopicPartition {
  return { topic: withoutPrefix(state.options.settings, topic), partition };
}
