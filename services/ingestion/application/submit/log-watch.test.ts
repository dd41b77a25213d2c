import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { bundledCodecs } from '../../../shared/codec/index.ts';
import type { TopicState } from '../../../shared/kafka/index.ts';
import { createLogger } from '../../../shared/log/index.ts';
import { createLogTrust } from './log-trust.ts';
import { createLogWatch, createSchemaWatch } from './log-watch.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 'test' });
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe('the watch of the command log', () => {
  function watchOf() {
    const clock = { ms: 0, monotonicMs: () => clock.ms };
    const trust = createLogTrust({ clock });
    const state: { answer: TopicState | null | Error; failures: unknown[] } = { answer: null, failures: [] };
    const watch = createLogWatch({
      topic: {
        look: async () => {
          if (state.answer instanceof Error) throw state.answer;
          return state.answer;
        },
      },
      logId: 'own',
      trust,
      log,
      fatal: (error) => state.failures.push(error),
    });
    return { clock, trust, state, watch };
  }
  const own = (epoch: number): TopicState => ({ topicId: 'own', leaderEpochs: new Map([[3, epoch]]) });
  const position = { partition: 3, offset: 5 };

  test('trusts positions while the leader epoch of the partition is the same', async () => {
    const { trust, state, watch } = watchOf();
    expect(trust.epochOf(3)).toBeNull();
    state.answer = own(7);
    await watch.look();
    expect([trust.epochOf(3), trust.epochOf(4)]).toEqual([7, null]);
    expect([trust.holds(position, 7), trust.holds(position, 6)]).toEqual([true, false]);
    state.answer = own(8);
    await watch.look();
    expect(trust.holds(position, 7)).toBe(false);
  });

  test('trusts positions for a while after a failed check, and then no more', async () => {
    const { clock, trust, state, watch } = watchOf();
    state.answer = own(7);
    await watch.look();
    state.answer = new Error('away');
    clock.ms = 9_000;
    await watch.look();
    expect(trust.holds(position, 7)).toBe(true);
    clock.ms = 10_001;
    expect(trust.holds(position, 7)).toBe(false);
    expect(state.failures).toEqual([]);
  });

  test('ends the process if the log was recreated, and is not ready while the log is missing', async () => {
    const { state, watch } = watchOf();
    await watch.look();
    expect(watch.check()).toBe('the topic orders.commands.v1 does not exist');
    expect(state.failures).toEqual([]);
    state.answer = { topicId: 'another', leaderEpochs: new Map() };
    await watch.look();
    expect(watch.check()).toBe(true);
    expect(state.failures).toMatchObject([{ code: 'TOPIC_MISSING', disposition: 'fatal' }]);
  });
});

describe('the watch of the registry', () => {
  const codecs = bundledCodecs({ commandsId: 4, eventsId: 5 });

  /** A watch of a registry that returns `answer` to each request. */
  async function watchOf(answer: () => { status: number; body: unknown }) {
    const server = createServer((request, response) => {
      const { status, body } = request.url === '/subjects' ? { status: 200, body: [] } : answer();
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => {
      server.close();
      server.closeAllConnections();
    });
    const failures: unknown[] = [];
    const registryUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const watch = createSchemaWatch({ codecs, registryUrl, log, fatal: (error) => failures.push(error) });
    return { watch, failures };
  }

  test('accepts the same id', async () => {
    const { watch, failures } = await watchOf(() => ({ status: 200, body: { id: 4 } }));
    await watch.look();
    expect([watch.check(), failures]).toEqual([true, []]);
  });

  test('ends the process if the schema has another id, so that the next process writes that id', async () => {
    const { watch, failures } = await watchOf(() => ({ status: 200, body: { id: 9 } }));
    await watch.look();
    expect(failures).toMatchObject([{ code: 'SCHEMA_MISMATCH', disposition: 'fatal' }]);
  });

  test('makes the service not ready while the registry lacks the schema', async () => {
    let answer = { status: 404, body: { error_code: 40403, message: 'Schema not found' } as unknown };
    const { watch, failures } = await watchOf(() => answer);
    await watch.look();
    expect(watch.check()).toMatch(/lacks the command schema/);
    answer = { status: 200, body: { id: 4 } };
    await watch.look();
    expect([watch.check(), failures]).toEqual([true, []]);
  });

  test.each([
    ['no id', {}],
    ['an id that is text', { id: '4' }],
    ['an id that is null', { id: null }],
  ])('counts the registry as unreachable if it returns %s', async (_what, body) => {
    const { watch, failures } = await watchOf(() => ({ status: 200, body }));
    await watch.look();
    expect([watch.check(), failures]).toEqual([true, []]);
  });
});
