import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../services/shared/log/index.ts';
import { createRedis, type Redis } from '../../../services/shared/redis/index.ts';
import { startTcpProxy, type TcpProxy } from '../../support/faults/tcp-proxy.ts';
import { testStack, unique } from '../../support/servers/stack.ts';
import { within } from '../../support/within.ts';

const log = createLogger({ service: 'tests', level: 'silent', instanceId: 'tests' });
const commandTimeoutMs = 50;
const failuresMax = 3;
const skipForMs = 200;
let proxy: TcpProxy;
let redis: Redis;

beforeEach(async () => {
  const url = new URL(testStack().redisUrl);
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  redis = createRedis({ url: url.href, log, commandTimeoutMs, failuresMax, skipForMs });
  await expect.poll(() => redis.status()).toBe('ready');
});
afterEach(async () => {
  await redis.close();
  await proxy.close();
});

describe('run', () => {
  it('returns what Redis returns', async () => {
    const key = unique('os-test-');
    expect(await redis.run((r) => r.set(key, 'value', 'EX', 60), null)).toBe('OK');
    expect(await redis.run((r) => r.get(key), null)).toBe('value');
    expect(await redis.run((r) => r.hgetall(unique('missing')), null)).toEqual({});
  });

  it('returns the fallback for an error of Redis or of the caller', async () => {
    const key = unique('os-test-');
    await redis.run((r) => r.set(key, 'text', 'EX', 60), null);
    expect(await redis.run((r) => r.hget(key, 'field'), 'fallback')).toBe('fallback');
    const broken = redis.run(() => {
      throw new Error('mine');
    }, 'fallback');
    expect(await broken).toBe('fallback');
  });

  it('runs a script by its hash', async () => {
    const raise = redis.script(
      "local v = redis.call('INCRBY', KEYS[1], ARGV[1]); redis.call('EXPIRE', KEYS[1], 60); return v",
      1,
    );
    const key = unique('os-test-');
    expect(await redis.run((r) => raise(r, [key], [5]), null)).toBe(5);
    await redis.run((r) => r.script('FLUSH'), null);
    expect(await redis.run((r) => raise(r, [key], [2]), null)).toBe(7);
  });

  it('waits for a frozen server no longer than the timeout, then skips it, and recovers', async () => {
    proxy.freeze();
    const beganMs = performance.now();
    const get = (): Promise<string | null> => redis.run((r) => r.get('x'), 'fallback');
    expect(await within(commandTimeoutMs * 2, 'a call', get)).toBe('fallback');
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(commandTimeoutMs - 2);
    await Promise.all([1, 2].map(() => redis.run((r) => r.get('x'), 'fallback')));
    expect(redis.status()).toBe('skipping');
    // No timer runs in between, so none of them waits.
    await within(0, 'skipping a hundred calls', async () => {
      for (let i = 0; i < 100; i++) expect(await get()).toBe('fallback');
    });
    proxy.heal();
    await expect.poll(() => redis.run((r) => r.ping(), 'fallback'), { timeout: 5000 }).toBe('PONG');
    expect(redis.status()).toBe('ready');
  });

  it('does not wait at all without a connection, and reconnects by itself', async () => {
    const url = new URL(testStack().redisUrl);
    url.port = '1';
    const away = createRedis({ url: url.href, log });
    const get = (): Promise<string | null> => away.run((r) => r.get('x'), 'fallback');
    expect(await within(0, 'a call', get)).toBe('fallback');
    await away.close();
    expect(await away.run((r) => r.get('x'), 'fallback')).toBe('fallback');

    proxy.heal();
    await expect.poll(() => redis.run((r) => r.ping(), 'fallback'), { timeout: 5000 }).toBe('PONG');
  });

  it('closes while the server is frozen', async () => {
    proxy.freeze();
    await within(1000, 'closing', () => redis.close());
    expect(redis.status()).toBe('closed');
  });
});
