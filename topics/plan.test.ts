import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyTopics } from './apply.ts';
import { type TopicEntry, topicCatalogue } from './catalogue.ts';
import { changesOf, type ObservedTopic, type PlanStep, planTopics, refusedOf } from './plan.ts';

const commands = topicCatalogue[0] as TopicEntry;
const compacted = topicCatalogue.find((entry) => entry.cleanup === 'compact') as TopicEntry;

/** A cluster in memory that applies the requests of `applyTopics`. */
function createCluster(topics: ObservedTopic[] = []) {
  const byName = new Map(topics.map((topic) => [topic.name, { ...topic, configs: { ...topic.configs } }]));
  return {
    topics: () => [...byName.values()],
    async createTopics(
      specs: readonly { name: string; partitions: number; replicationFactor: number; configs?: object }[],
    ) {
      for (const spec of specs) {
        if (byName.has(spec.name)) throw new Error(`${spec.name} exists`);
        byName.set(spec.name, { ...spec, configs: { ...spec.configs } });
      }
      return specs.map(({ name }) => name);
    },
    async alterTopicConfigs(name: string, configs: Readonly<Record<string, string>>) {
      const topic = byName.get(name);
      if (topic === undefined) throw new Error(`${name} does not exist`);
      Object.assign(topic.configs, configs);
    },
  };
}

/** The topic as in the catalogue, with three replicas. */
async function asWanted(entry: TopicEntry, change: Partial<ObservedTopic> = {}): Promise<ObservedTopic> {
  const cluster = createCluster();
  await applyTopics(cluster, planTopics([entry], [], { replicationFactor: 3 }));
  const [topic] = cluster.topics();
  if (topic === undefined) throw new Error('nothing was created');
  return { ...topic, ...change, configs: { ...topic.configs, ...change.configs } };
}

const planOf = (entry: TopicEntry, topic: ObservedTopic) =>
  planTopics([entry], [topic], { replicationFactor: 3 });
const actionsOf = (plan: PlanStep[]) => plan.map(({ action }) => action);

describe('a missing topic', () => {
  it('is created with the values of the catalogue', () => {
    expect(planTopics([commands], [], { replicationFactor: 3 })).toMatchObject([
      {
        topic: 'orders.commands.v1',
        action: 'create',
        partitions: 12,
        replicationFactor: 3,
        configs: {
          'cleanup.policy': 'delete',
          'retention.ms': '604800000',
          'min.insync.replicas': '2',
          'unclean.leader.election.enable': 'false',
        },
      },
    ]);
  });

  it.each([
    [1, '1'],
    [2, '1'],
    [3, '2'],
    [5, '2'],
  ])('with %i replicas requires %s in sync', (replicationFactor, inSync) => {
    const [step] = planTopics([commands], [], { replicationFactor });
    expect(step).toMatchObject({ configs: { 'min.insync.replicas': inSync } });
  });

  it('has no retention if it is compacted', () => {
    const [step] = planTopics([compacted], [], { replicationFactor: 3 });
    expect(step?.action === 'create' && 'retention.ms' in step.configs).toBe(false);
  });
});

describe('an existing topic', () => {
  it('is not changed if it matches the catalogue', async () => {
    expect(actionsOf(planOf(commands, await asWanted(commands)))).toEqual(['none']);
  });

  it('keeps configs that the catalogue does not set', async () => {
    const topic = await asWanted(commands, { configs: { 'segment.bytes': '1048576' } });
    expect(actionsOf(planOf(commands, topic))).toEqual(['none']);
  });

  it.each([
    ['fewer partitions', { partitions: 6 }],
    ['more partitions', { partitions: 24 }],
    ['too few replicas', { replicationFactor: 1, configs: { 'min.insync.replicas': '1' } }],
    ['another cleanup', { configs: { 'cleanup.policy': 'compact' } }],
    ['longer retention', { configs: { 'retention.ms': '604800001' } }],
    ['unbounded retention', { configs: { 'retention.ms': '-1' } }],
    ['larger messages', { configs: { 'max.message.bytes': '9999999' } }],
    ['more replicas in sync', { configs: { 'min.insync.replicas': '3' } }],
  ])('with %s is refused, and stays as it is', async (_what, change) => {
    const topic = await asWanted(commands, change);
    const plan = planOf(commands, topic);
    expect(actionsOf(plan)).toEqual(['refused']);
    const cluster = createCluster([topic]);
    await expect(applyTopics(cluster, plan)).rejects.toMatchObject({ code: 'TOPICS_REFUSED' });
    expect(cluster.topics()).toEqual([topic]);
  });

  it('that is refused blocks no other topic, and the error names only this topic', async () => {
    const topic = await asWanted(commands, { configs: { 'retention.ms': '-1' } });
    const plan = planTopics(topicCatalogue, [topic], { replicationFactor: 3 });
    const cluster = createCluster([topic]);
    const done: string[] = [];
    const applying = applyTopics(cluster, plan, (step) => done.push(step.topic));
    await expect(applying).rejects.toThrow(
      /^Refused, for you to decide; all other changes are applied:\n.*retention\.ms is -1/,
    );
    const created = topicCatalogue.map(({ name }) => name).filter((name) => name !== topic.name);
    expect(done).toEqual(created);
    expect(cluster.topics().map(({ name }) => name)).toEqual(expect.arrayContaining(created));
  });

  it('with values below the catalogue is raised', async () => {
    const topic = await asWanted(commands, {
      configs: { 'retention.ms': '1000', 'min.insync.replicas': '1', 'compression.type': 'producer' },
    });
    expect(planOf(commands, topic)).toMatchObject([
      {
        action: 'alterConfig',
        configs: {
          'retention.ms': '604800000',
          'min.insync.replicas': '2',
          'compression.type': 'uncompressed',
        },
      },
    ]);
  });

  it('with more replicas than requested keeps them', async () => {
    const topic = await asWanted(commands);
    expect(actionsOf(planTopics([commands], [topic], { replicationFactor: 1 }))).toEqual(['none']);
  });
});

describe('for any state of a cluster', () => {
  const observed = fc
    .uniqueArray(
      fc.record({
        name: fc.constantFrom(...topicCatalogue.map(({ name }) => name), 'somebody-elses'),
        partitions: fc.constantFrom(1, 6, 12, 12, 12, 24),
        replicationFactor: fc.constantFrom(1, 2, 3, 3),
        configs: fc.record(
          {
            'cleanup.policy': fc.constantFrom('delete', 'compact', 'compact,delete'),
            'retention.ms': fc.constantFrom('-1', '1000', '604800000', '2592000000', '99999999999'),
            'min.insync.replicas': fc.constantFrom('1', '2', '3'),
            'max.message.bytes': fc.constantFrom('1000', '1048588', '2097176', '5000000'),
            'compression.type': fc.constantFrom('producer', 'uncompressed', 'gzip'),
            'segment.bytes': fc.constant('1048576'),
          },
          { requiredKeys: [] },
        ),
      }),
      { selector: ({ name }) => name },
    )
    .map((topics) => topics as unknown as ObservedTopic[]);
  const replicas = fc.constantFrom(1, 2, 3);

  it('nothing is left to do after the changes', async () => {
    await fc.assert(
      fc.asyncProperty(observed, replicas, async (topics, replicationFactor) => {
        const plan = planTopics(topicCatalogue, topics, { replicationFactor });
        const cluster = createCluster(topics);
        await applyTopics(cluster, changesOf(plan));
        const after = planTopics(topicCatalogue, cluster.topics(), { replicationFactor });
        expect(changesOf(after)).toEqual([]);
        expect(refusedOf(after)).toEqual(refusedOf(plan));
      }),
    );
  });

  it('no change shrinks, re-keys or deletes', async () => {
    await fc.assert(
      fc.asyncProperty(observed, replicas, async (topics, replicationFactor) => {
        const cluster = createCluster(topics);
        await applyTopics(cluster, changesOf(planTopics(topicCatalogue, topics, { replicationFactor })));
        const after = new Map(cluster.topics().map((topic) => [topic.name, topic]));
        for (const before of topics) {
          const now = after.get(before.name);
          expect(now?.partitions).toBe(before.partitions);
          expect(now?.replicationFactor).toBe(before.replicationFactor);
          for (const [key, value] of Object.entries(before.configs)) {
            const current = now?.configs[key];
            if (key === 'cleanup.policy' || key === 'segment.bytes') expect(current).toBe(value);
            else if (value === '-1') expect(current).toBe('-1');
            else if (key !== 'compression.type')
              expect(Number(current)).toBeGreaterThanOrEqual(Number(value));
          }
        }
      }),
    );
  });
});
