/** A member's rejoin is lost at the worst moments. The member returns, however often this happens. */
import { AsyncLocalStorage } from 'node:async_hooks';
import net from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  createAdmin,
  createGroupConsumer,
  type GroupConsumer,
  type TopicPartition,
} from '../../../services/shared/kafka/index.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { type KafkaProxy, startKafkaProxy } from '../../support/faults/kafka-proxy.ts';
import { quietLog, testSettings } from '../../support/records/kafka.ts';
import { testStack, unique, until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('rejoin');
const topic = unique('topic-');
const groupId = unique('group-');
/** Connections opened inside go through the proxy. */
const cutOff = new AsyncLocalStorage<KafkaProxy>();
const consumers: GroupConsumer[] = [];
const crashes: Error[] = [];
let proxy: KafkaProxy;

beforeAll(async () => {
  const [host, port] = testStack().kafkaBrokers.split(':') as [string, string];
  proxy = await startKafkaProxy({ host, port: Number(port) });
  const connect = net.connect as (options: net.TcpNetConnectOpts, ...rest: unknown[]) => net.Socket;
  vi.spyOn(net, 'connect').mockImplementation(((options: net.TcpNetConnectOpts, ...rest: unknown[]) => {
    const through = options.port === Number(port) ? cutOff.getStore() : undefined;
    return connect(through === undefined ? options : { ...options, port: through.port }, ...rest);
  }) as typeof net.connect);
  const admin = createAdmin(testSettings(prefix));
  await admin.createTopics([{ name: topic, partitions: 6, replicationFactor: 1 }]);
  await admin.close();
});

afterAll(async () => {
  await Promise.all(consumers.map((consumer) => consumer.stop(3_000)));
  vi.restoreAllMocks();
  await proxy.close();
});

/** Joins the group; returns its assignments, the newest last. */
async function join(): Promise<(readonly TopicPartition[])[]> {
  const joins: (readonly TopicPartition[])[] = [];
  const consumer = createGroupConsumer({
    settings: testSettings(prefix, unique('member-')),
    groupId,
    topics: [topic],
    log: quietLog,
    metrics: noMetrics,
    sessionTimeoutMs: 6_000,
    rebalanceTimeoutMs: 1_000,
    handlers: {
      onAssigned: ({ assigned }) => void joins.push(assigned),
      onRecords: () => undefined,
      onCrash: (error) => void crashes.push(error),
    },
  });
  consumers.push(consumer);
  await consumer.start();
  return joins;
}

test('joins once more if the group forgot the member during its rejoin, and this rejoin is lost too', async () => {
  const deaf = await cutOff.run(proxy, join);
  // After the first loss the group forgets the member. At the second loss the member has no id any more, so
  // no answer can report this to it.
  proxy.swallowAnswers('joinGroup', 2);
  const joinsBefore = deaf.length;
  const beside = await join();
  await until(() => proxy.swallowed('joinGroup') === 2, {
    what: 'two answers to a join being lost',
    deadlineMs: 40_000,
  });
  await until(() => deaf.length > joinsBefore && deaf.at(-1)!.length === 3 && beside.at(-1)!.length === 3, {
    what: 'both having their share',
    deadlineMs: 60_000,
  });
  expect(crashes).toEqual([]);
}, 120_000);

test('joins again if a join is lost on the way, although heartbeats succeed', async () => {
  const member = await cutOff.run(proxy, join);
  const joinsBefore = member.length;
  proxy.cutRequests('joinGroup', 1);
  proxy.cutRequests('heartbeat', 1);
  await until(() => proxy.uncut('joinGroup') === 0, { what: 'the join being cut', deadlineMs: 30_000 });
  await until(() => member.length > joinsBefore, { what: 'another join', deadlineMs: 30_000 });
  expect(crashes).toEqual([]);
}, 90_000);
