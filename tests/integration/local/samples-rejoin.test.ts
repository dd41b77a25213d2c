/** A sample subscriber that the broker removed from its group joins again, and counts every outcome once. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMissing, skipOrFail } from '../../support/programs/missing.ts';
import {
  type Counted,
  type Program,
  programs,
  removeCopies,
  runSample,
  stateFile,
} from '../../support/programs/samples.ts';
import { removeMembers } from '../../support/records/group-members.ts';
import { testSettings } from '../../support/records/kafka.ts';
import { rejectedEvent } from '../../support/records/rejected-event.ts';
import { openSubscriberWorld, type SubscriberWorld } from '../../support/records/subscribers.ts';
import { testStack, until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('samples-rejoin');
/** Each language reads all records in a group of its own. */
const before = 3;
const rounds = 20;
let world: SubscriberWorld;
const prepared = new Map<string, Program>();

beforeAll(async () => {
  world = await openSubscriberWorld(prefix);
  for (const [language, prepare] of Object.entries(programs)) prepared.set(language, await prepare());
}, 900_000);

afterAll(async () => {
  removeCopies();
  await world.close();
});

/** The offset of the next outcome. All outcomes are on one partition. */
let next = 0;
const produce = async (count: number): Promise<void> => {
  const offsets = Array.from({ length: count }, (_, n) => next + n);
  next += count;
  await world.produceEvents(offsets.map((offset) => rejectedEvent(4, offset, offset - 1)));
};

describe.each(Object.keys(programs))('the sample subscriber in %s', (language) => {
  test('rejoins after the broker removed it from the group', async (context) => {
    const program = prepared.get(language)!;
    if (isMissing(program)) return skipOrFail(context, program);
    const { kafkaBrokers, schemaRegistryUrl } = testStack();
    const groupId = `${prefix}rejoin-${language}`;
    const file = stateFile(`rejoin-${language}`);
    await produce(before);
    const total = next + rounds;
    const run = runSample(program, {
      env: {
        KAFKA_BROKERS: kafkaBrokers,
        SCHEMA_REGISTRY_URL: schemaRegistryUrl,
        KAFKA_TOPIC_PREFIX: prefix,
        GROUP: groupId,
        STATE_FILE: file,
      },
      args: ['--until-total', String(total)],
    });
    let ended = false;
    run.finally(() => (ended = true)).catch(() => undefined);
    const counted = (): number =>
      existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Counted).total : 0;
    await until(async () => ended || counted() === next, { what: 'the first outcomes', deadlineMs: 60_000 });
    await until(async () => ended || (await removeMembers(testSettings(prefix), groupId)) > 0, {
      what: 'the removal of the member',
      deadlineMs: 30_000,
    });
    // The removed member gets these records by a fetch, and its commit is the first request that fails.
    await produce(rounds);
    const result = await run;
    expect(result.total).toBe(total);
    expect(result.counts).toEqual({ REJECTED: total });
  }, 120_000);
});
