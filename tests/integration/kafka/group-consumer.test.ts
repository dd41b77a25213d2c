import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Accumulator,
  createGroupConsumer,
  type GroupConsumer,
  type GroupJoin,
  type KafkaAdmin,
} from '../../../services/shared/kafka/index.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { type KafkaClients, openKafkaClients, quietLog, testSettings } from '../../support/records/kafka.ts';
import { unique, until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('kafka-group-consumer');
const partitions = 6;
let clients: KafkaClients;
let admin: KafkaAdmin;
let accumulator: Accumulator;
let topic: string;
let groupId: string;
const members: Member[] = [];

interface Member {
  consumer: GroupConsumer;
  joins: GroupJoin[];
  /** Offsets in order of arrival, per partition. */
  seen: Map<number, bigint[]>;
  outOfRange: { partition: number; position: bigint | null }[];
  crashes: Error[];
}

beforeAll(async () => {
  clients = await openKafkaClients(prefix);
  ({ admin, accumulator } = clients);
});

afterAll(() => clients.close());

beforeEach(async () => {
  topic = unique('topic-');
  groupId = unique('group-');
  await admin.createTopics([{ name: topic, partitions, replicationFactor: 1 }]);
});

afterEach(async () => {
  await Promise.all(members.splice(0).map(({ consumer }) => consumer.stop(3_000)));
});

describe('a consumer group', () => {
  it('keeps partitions through a rebalance; remaining members lose no record and read none twice', async () => {
    const first = await join();
    const produced = produceEverywhere(100);
    const second = await join();
    await until(() => shareOf(first) === 3 && shareOf(second) === 3, { what: 'the partitions are shared' });
    await produced;
    await produceEverywhere(20);
    await until(() => everyPartitionReached(120n), { what: 'all records are read' });

    const rebalance = first.joins.find(({ assigned }) => assigned.length === 3)!;
    expect(rebalance.gained).toEqual([]);
    expect(rebalance.lost).toHaveLength(3);
    for (const { partition } of rebalance.assigned) {
      expect(first.seen.get(partition)).toEqual(Array.from({ length: 120 }, (_, i) => BigInt(i)));
    }
    for (const member of members) expect(member.crashes).toEqual([]);
  });

  it('assigns the partitions of a leaving member to the others, from the committed offset on', async () => {
    const first = await join();
    const second = await join();
    await until(() => shareOf(first) === 3 && shareOf(second) === 3, { what: 'the partitions are shared' });
    await produceEverywhere(10);
    await until(() => everyPartitionReached(10n), { what: 'all records are read' });
    const moving = second.joins.at(-1)!.assigned[0]!;
    expect(await second.consumer.commit([{ ...moving, offset: 7n }])).toBe('committed');
    await second.consumer.stop(3_000);
    await until(() => shareOf(first) === partitions, { what: 'the first has all partitions' });
    await until(() => first.seen.get(moving.partition)?.at(-1) === 9n, { what: 'the rest is read again' });
    expect(first.seen.get(moving.partition)).toEqual([7n, 8n, 9n]);
    expect(first.joins.at(-1)!.gained).toHaveLength(3);
  });

  it('refuses commits for lost partitions, and from a member that has left', async () => {
    const first = await join();
    const second = await join();
    await until(() => shareOf(first) === 3 && shareOf(second) === 3, { what: 'the partitions are shared' });
    const lost = first.joins.find(({ assigned }) => assigned.length === 3)!.lost[0]!;
    expect(await first.consumer.commit([{ ...lost, offset: 5n }])).toBe('notOwner');
    expect((await admin.groupOffsets(groupId, topic)).get(lost.partition)).toBeNull();
    await first.consumer.stop(3_000);
    expect(await first.consumer.commit([{ ...lost, offset: 5n }])).toBe('notOwner');
    expect(first.consumer.generation()).toBeNull();
  });

  it('seeks as requested, in onAssigned and later', async () => {
    await produceEverywhere(30);
    const member = await join({
      onAssigned: (consumer, { gained }) => {
        for (const { partition } of gained) consumer.seek(topic, partition, 20n);
      },
    });
    await until(() => everyPartitionReached(30n), { what: 'the end is read' });
    for (let partition = 0; partition < partitions; partition++)
      expect(member.seen.get(partition)?.[0]).toBe(20n);
    member.consumer.seek(topic, 2, 3n);
    await until(() => member.seen.get(2)?.at(10) === 3n && member.seen.get(2)?.at(-1) === 29n, {
      what: 'it is read again',
    });
    expect(member.seen.get(2)?.slice(10)).toEqual(Array.from({ length: 27 }, (_, i) => BigInt(i + 3)));
  });

  it('pauses one partition and resumes it at the same offset', async () => {
    const member = await join();
    member.consumer.pause(topic, 0);
    await produceEverywhere(10);
    await until(() => [1, 2, 3, 4, 5].every((partition) => member.seen.get(partition)?.at(-1) === 9n), {
      what: 'the others are read',
    });
    expect(member.seen.get(0)).toBeUndefined();
    member.consumer.resume(topic, 0);
    await until(() => member.seen.get(0)?.length === 10, { what: 'the paused one is read' });
  });

  it('reports a position outside the log, commits nothing, and continues after a seek', async () => {
    await produceEverywhere(10);
    const member = await join({
      onAssigned: (consumer) => consumer.seek(topic, 4, 1_000n),
    });
    await until(() => member.outOfRange.length > 0, { what: 'it is told' });
    await until(() => [0, 1, 2, 3, 5].every((partition) => member.seen.get(partition)?.at(-1) === 9n), {
      what: 'the others are read',
    });
    expect(member.outOfRange[0]).toEqual({ partition: 4, position: 1_000n });
    expect(member.seen.get(4)).toBeUndefined();
    expect((await admin.groupOffsets(groupId, topic)).get(4)).toBeNull();
    member.consumer.seek(topic, 4, 8n);
    member.consumer.resume(topic, 4);
    await until(() => member.seen.get(4)?.at(-1) === 9n, { what: 'it is read from there' });
    expect(member.outOfRange).toHaveLength(1);
    expect(member.crashes).toEqual([]);
  });

  it('stops once and within its deadline, in any state', async () => {
    const member = await join();
    const stopping = member.consumer.stop(3_000);
    expect(member.consumer.stop(1)).toBe(stopping);
    await stopping;
    const hasty = make({});
    const started = hasty.consumer.start();
    started.catch(() => undefined);
    await hasty.consumer.stop(3_000);
    await expect(started).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('crashes and does not restart when a handler throws', async () => {
    await produceEverywhere(1);
    const member = await join({
      onRecords: () => {
        throw new Error('broken');
      },
    });
    await until(() => member.crashes.length === 1, { what: 'the crash is reported' });
    expect(member.crashes[0]).toMatchObject({ code: 'CONSUMER_CRASHED', disposition: 'fatal' });
  });
});

interface Behaviour {
  onAssigned?: (consumer: GroupConsumer, join: GroupJoin) => void;
  onRecords?: () => void;
}

async function join(behaviour: Behaviour = {}): Promise<Member> {
  const member = make(behaviour);
  await member.consumer.start();
  return member;
}

function make(behaviour: Behaviour): Member {
  const joins: GroupJoin[] = [];
  const seen = new Map<number, bigint[]>();
  const outOfRange: Member['outOfRange'] = [];
  const crashes: Error[] = [];
  const consumer = createGroupConsumer({
    settings: testSettings(prefix, unique('member-')),
    groupId,
    topics: [topic],
    log: quietLog,
    metrics: noMetrics,
    handlers: {
      onAssigned(each) {
        joins.push(each);
        behaviour.onAssigned?.(consumer, each);
      },
      onRecords(_topic, partition, records) {
        behaviour.onRecords?.();
        seen.set(partition, [...(seen.get(partition) ?? []), ...records.map(({ offset }) => offset)]);
      },
      onOutOfRange: (_topic, partition, position) => void outOfRange.push({ partition, position }),
      onCrash: (error) => void crashes.push(error),
    },
  });
  const member = { consumer, joins, seen, outOfRange, crashes };
  members.push(member);
  return member;
}

function shareOf(member: Member): number {
  return member.joins.at(-1)?.assigned.length ?? 0;
}

function everyPartitionReached(end: bigint): boolean {
  return Array.from({ length: partitions }, (_, partition) => partition).every((partition) =>
    members.some(({ seen }) => seen.get(partition)?.includes(end - 1n)),
  );
}

async function produceEverywhere(count: number): Promise<void> {
  const all = Array.from({ length: count * partitions }, (_, i) => i);
  await Promise.all(
    all.map((i) =>
      accumulator.send({
        topic,
        partition: i % partitions,
        key: null,
        value: Buffer.from(String(i)),
        headers: {},
        timestampMs: Date.now(),
      }),
    ),
  );
}
