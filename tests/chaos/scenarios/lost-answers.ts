/**
 * Kafka's answers to a worker are lost, one kind after the other. Two workers share the lanes. If a worker
 * cannot continue without an answer, it ends and is restarted, as under a supervisor.
 */

import { createFleet } from '../../support/arena/processes/fleet.ts';
import { decidedMore } from '../../support/arena/reading/lane-positions.ts';
import {
  type KafkaApi,
  type KafkaProxy,
  kafkaApi,
  startKafkaProxy,
} from '../../support/faults/kafka-proxy.ts';
import { preloaded } from '../../support/preload/index.ts';
import { until } from '../../support/until.ts';
import { type ChaosArena, plentySkus } from '../chaos-arena.ts';
import type { Figures } from '../figures.ts';

const perSecond = 150;
const times = 2;
/** Requests that a worker sends repeatedly; ApiVersions once per connection. */
const asked = (Object.keys(kafkaApi) as KafkaApi[]).filter((api) => api !== 'apiVersions');
/** For each lost answer to a join, kafkajs waits as long as a rebalance may take. */
const deadlineMs = times * 90_000;

export async function lostAnswers({ stack, arena, producer }: ChaosArena): Promise<Figures> {
  const [host, port] = stack.kafkaBrokers.split(':') as [string, string];
  const proxy = await startKafkaProxy({ host, port: Number(port) });
  const env = { ...preloaded(['redirect']), REDIRECT_PORT: `${port}:${proxy.port}` };
  const fleet = createFleet(arena);
  await fleet.add('worker', 'deaf', env);
  await fleet.add('worker', 'beside');
  try {
    const lost = await loseEach(proxy, arena, producer);
    await arena.quiesce(deadlineMs);
    return { seen: { lost, ended: fleet.accidents() }, problems: await fleet.stop() };
  } finally {
    await fleet.stop();
    await proxy.close();
  }
}

/** Number of lost answers of each kind, under load. */
async function loseEach(proxy: KafkaProxy, arena: ChaosArena['arena'], producer: ChaosArena['producer']) {
  const lost: Partial<Record<KafkaApi, number>> = {};
  const load = producer.start(perSecond, plentySkus);
  try {
    for (const api of asked) {
      proxy.swallowAnswers(api, times);
      // A member that joins and leaves makes all members join again.
      if (api === 'joinGroup' || api === 'syncGroup') await (await arena.startWorker()).stop();
      await until(() => proxy.swallowed(api) >= times, { what: `answers to ${api} being lost`, deadlineMs });
      await decidedMore(arena, 200, deadlineMs);
      lost[api] = proxy.swallowed(api);
    }
    return lost;
  } finally {
    await load.stop();
  }
}
