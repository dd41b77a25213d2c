import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { int } from '../config/index.ts';
import { appError } from '../errors/index.ts';
import { type Running, runService, type ServiceContext } from './index.ts';

/** A process that can receive signals and reports its exit. */
function fakeHost() {
  const host = Object.assign(new EventEmitter(), { exit: (code: number) => void host.emit('exit', code) });
  const exited = once(host, 'exit').then(([code]) => code as number);
  return { host, exited };
}

const env = { LOG_LEVEL: 'silent', LIMIT: '7' };
const fields = { limit: int('LIMIT') };
type Context = ServiceContext<typeof fields>;

async function run(start: (context: Context) => Promise<Running>, options: { stopDeadlineMs?: number } = {}) {
  const { host, exited } = fakeHost();
  let context: Context | undefined;
  const begun = runService({
    name: 'trial',
    env,
    fields,
    host,
    ...options,
    start(given) {
      context = given;
      return start(given);
    },
  });
  return { host, exited, begun, context: () => context! };
}

const idle: Running = { stop: async () => undefined };

describe('runService', () => {
  it('passes typed config, becomes ready, and exits 0 after an orderly stop', async () => {
    const order: string[] = [];
    const { host, exited, begun, context } = await run(async ({ config, lifecycle }) => {
      expect(config.limit).toBe(7);
      expect(config.instanceId).not.toBe('');
      lifecycle.onChange((state) => order.push(state));
      return { stop: async () => void order.push('stop') };
    });
    await begun;
    host.emit('SIGTERM', 'SIGTERM');
    expect(context().lifecycle.readiness().ready).toBe(false);
    expect(context().signal.aborted).toBe(true);
    expect(await exited).toBe(0);
    expect(order).toEqual(['ready', 'draining', 'stop', 'stopped']);
    expect(host.eventNames()).toEqual([]);
  });

  it('exits 1 when stopping takes longer than the deadline', async () => {
    const { host, exited, begun } = await run(async () => ({ stop: () => new Promise(() => undefined) }), {
      stopDeadlineMs: 20,
    });
    await begun;
    host.emit('SIGINT', 'SIGINT');
    expect(await exited).toBe(1);
  });

  it('exits 1 when stopping fails', async () => {
    const { host, exited, begun } = await run(async () => ({
      stop: async () => {
        throw new Error('stuck');
      },
    }));
    await begun;
    host.emit('SIGTERM', 'SIGTERM');
    expect(await exited).toBe(1);
  });

  it('exits 1 at the second signal', async () => {
    const { host, exited, begun } = await run(async () => ({ stop: () => new Promise(() => undefined) }));
    await begun;
    host.emit('SIGTERM', 'SIGTERM');
    host.emit('SIGTERM', 'SIGTERM');
    expect(await exited).toBe(1);
  });

  it('exits 1 on a fatal error, after an orderly stop', async () => {
    let stopped = false;
    const { exited, begun, context } = await run(async () => ({
      stop: async () => {
        stopped = true;
      },
    }));
    await begun;
    context().fatal(appError('CONSUMER_CRASHED'));
    expect(await exited).toBe(1);
    expect(stopped).toBe(true);
    expect(context().lifecycle.state()).toBe('failed');
  });

  it('exits 1 at once on any uncaught error', async () => {
    const { host, exited, begun } = await run(async () => ({ stop: () => new Promise(() => undefined) }));
    await begun;
    host.emit('unhandledRejection', new Error('nobody waits'));
    expect(await exited).toBe(1);
  });

  it('exits 1 when the start fails', async () => {
    const { exited, begun } = await run(async () => {
      throw appError('TOPIC_MISSING', { topic: 't' });
    });
    await begun;
    expect(await exited).toBe(1);
  });

  it('passes on a signal during the start, stops, and exits 0', async () => {
    let stopped = false;
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    const { host, exited } = await run(async ({ signal }) => {
      enter();
      await once(signal, 'abort');
      return {
        stop: async () => {
          stopped = true;
        },
      };
    });
    await entered;
    host.emit('SIGTERM', 'SIGTERM');
    expect(await exited).toBe(0);
    expect(stopped).toBe(true);
  });

  it('does not start at all if the signal comes before', async () => {
    let started = false;
    const { host, exited } = await run(async () => {
      started = true;
      return idle;
    });
    host.emit('SIGTERM', 'SIGTERM');
    expect(await exited).toBe(0);
    expect(started).toBe(false);
  });

  it('exits 1 with nothing started when the config is invalid', async () => {
    const { host, exited } = fakeHost();
    let started = false;
    await runService({
      name: 'trial',
      env: { LIMIT: 'many' },
      fields,
      host,
      start: async () => {
        started = true;
        return idle;
      },
    });
    expect(await exited).toBe(1);
    expect(started).toBe(false);
  });
});
