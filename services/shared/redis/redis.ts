import { Redis as Client } from 'ioredis';
import { type Clock, systemClock } from '../clock/index.ts';
import { errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { type Metrics, noMetrics } from '../metrics/index.ts';
import { startTimeout } from '../retry/index.ts';
import { type Circuit, createCircuit } from './circuit.ts';
import { parseRedisUrl } from './target.ts';

export type RedisClient = Client;

/** A Lua script as a call: sent by its hash, in full only when the server does not know it. */
export type RedisScript = (
  client: RedisClient,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
) => Promise<unknown>;

export type RedisOptions = {
  /** As `parseRedisUrl` reads it. */
  url: string;
  log: Logger;
  metrics?: Metrics;
  clock?: Clock;
  /** Put in front of every key, scripts' included: installations that share a server do not meet. Default none. */
  keyPrefix?: string;
  /** The longest that `run` waits, our own event loop's delay not counted. Default 50. */
  commandTimeoutMs?: number;
  /** Failures in a row that open the circuit. Default 5. */
  failuresMax?: number;
  /** How long calls are skipped then. Default 1000. */
  skipForMs?: number;
};

export type Redis = {
  /**
   * Runs `fn` and gives its result; `fallback` when Redis is away, slow or in trouble. Never throws, never waits
   * for Redis longer than the command timeout. What `fn` sent may still take effect after a timeout. An answer that a library
   * gives by rejecting has to be caught inside of `fn`, or it counts as a failure of Redis.
   */
  run<T, F = T>(fn: (client: RedisClient) => Promise<T>, fallback: F): Promise<T | F>;
  /** `numberOfKeys` where it is the same in each call. */
  script(lua: string, numberOfKeys?: number): RedisScript;
  /** `ready` when the next call would be tried. */
  status(): 'ready' | 'connecting' | 'skipping' | 'closed';
  /** For libraries that want a client of their own kind. Its commands have no deadline but `run`. */
  readonly client: RedisClient;
  close(): Promise<void>;
};

const reconnectDelayMaxMs = 1000;
const connectTimeoutMs = 1000;
/** A connection on which commands are open and nothing arrives for this long is cut and recreated. */
const silenceTimeoutMs = 3000;
const closeTimeoutMs = 500;

/** A cache client that can only make things faster: its absence costs at most the command timeout, and soon nothing. */
export function createRedis(options: RedisOptions): Redis {
  const {
    url,
    log,
    metrics = noMetrics,
    clock = systemClock,
    keyPrefix = '',
    commandTimeoutMs = 50,
    failuresMax = 5,
    skipForMs = 1000,
  } = options;
  const client = new Client({
    ...parseRedisUrl(url),
    keyPrefix,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: connectTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    disconnectTimeout: closeTimeoutMs,
    retryStrategy: (times) => Math.min(50 * times, reconnectDelayMaxMs),
  });
  const circuit = createCircuit({
    failuresMax,
    openForMs: skipForMs,
    clock,
    onChange: (state) =>
      log.warn(
        { circuit: state },
        state === 'open' ? 'Redis fails; it is bypassed for now' : 'Redis is back',
      ),
  });
  // Reconnecting is the client's business; the level is low as it may fail many times a minute.
  client.on('error', (error) => log.debug({ err: error }, 'Redis connection error'));
  let scripts = 0;
  let closed = false;

  return {
    async run(fn, fallback) {
      if (closed || client.status !== 'ready' || !circuit.admits()) {
        metrics.inc('redis_calls_total', { result: 'skipped' });
        return fallback;
      }
      const result = await attempt(() => fn(client), commandTimeoutMs);
      settle(result, circuit, metrics, log);
      return result.kind === 'ok' ? result.value : fallback;
    },
    script(lua, numberOfKeys) {
      const name = `script${++scripts}`;
      client.defineCommand(name, numberOfKeys === undefined ? { lua } : { lua, numberOfKeys });
      return (on, keys, args) => {
        const count = numberOfKeys === undefined ? [keys.length] : [];
        const commands = on as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>;
        return commands[name]!(...count, ...keys, ...args);
      };
    },
    status() {
      if (closed) return 'closed';
      if (client.status !== 'ready') return 'connecting';
      return circuit.state() === 'open' ? 'skipping' : 'ready';
    },
    client,
    async close() {
      if (closed) return;
      closed = true;
      await close(client, log);
    },
  };
}

type Attempt<T> = { kind: 'ok'; value: T } | { kind: 'failed'; error: unknown } | { kind: 'timeout' };

function attempt<T>(fn: () => Promise<T>, timeoutMs: number): Promise<Attempt<T>> {
  return new Promise((resolve) => {
    const cancel = startTimeout(timeoutMs, () => resolve({ kind: 'timeout' }));
    const done = (result: Attempt<T>): void => {
      cancel();
      resolve(result);
    };
    try {
      fn().then(
        (value) => done({ kind: 'ok', value }),
        (error: unknown) => done({ kind: 'failed', error }),
      );
    } catch (error) {
      done({ kind: 'failed', error });
    }
  });
}

function settle(result: Attempt<unknown>, circuit: Circuit, metrics: Metrics, log: Logger): void {
  metrics.inc('redis_calls_total', { result: result.kind });
  if (result.kind === 'ok') circuit.succeeded();
  else circuit.failed();
  if (result.kind === 'failed') log.debug({ reason: errorMessage(result.error) }, 'A Redis call failed');
}

async function close(client: RedisClient, log: Logger): Promise<void> {
  const quit = client.status === 'ready' ? await attempt(() => client.quit(), closeTimeoutMs) : undefined;
  if (quit !== undefined && quit.kind !== 'ok') log.debug('Redis did not confirm QUIT in time');
  client.disconnect();
}
