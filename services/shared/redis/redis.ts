import { Redis as Client } from 'ioredis';
import { type Clock, systemClock } from '../clock/index.ts';
import { derived } from '../config/index.ts';
import { errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { type Metrics, noMetrics } from '../metrics/index.ts';
import { startTimeout } from '../retry/index.ts';
import { settingsOfUrl, tlsFault } from '../tls/index.ts';
import { type Circuit, createCircuit } from './circuit.ts';
import { parseRedisUrl } from './target.ts';

export type RedisClient = Client;

/** A Lua script as a function. The client sends its hash, and the text only if the server does not have it. */
type RedisScript = (
  client: RedisClient,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
) => Promise<unknown>;

export type RedisOptions = {
  /** A URL that `parseRedisUrl` can read. A function returns the present URL, whose login may change. */
  url: string | (() => string);
  log: Logger;
  metrics?: Metrics;
  clock?: Clock;
  /** Prefix of every key, also in scripts, so that installations can share a server. Default none. */
  keyPrefix?: string;
  /** The longest wait of `run`, without delays of our own event loop. Default 50. */
  commandTimeoutMs?: number;
  /** Number of failures in a row that opens the circuit. Default 5. */
  failuresMax?: number;
  /** How long calls are skipped after the circuit opens. Default 1000. */
  skipForMs?: number;
};

export type Redis = {
  /**
   * Runs `fn` and returns its result, or `fallback` if Redis is down, slow or fails. Never throws, and never
   * waits longer than the command timeout. After a timeout, the commands of `fn` may still take effect. If a
   * library rejects as a valid answer, catch that in `fn`. Otherwise the rejection counts as a failure of
   * Redis.
   */
  run<T, F = T>(fn: (client: RedisClient) => Promise<T>, fallback: F): Promise<T | F>;
  /** Set `numberOfKeys` if it is the same in each call. */
  script(lua: string, numberOfKeys?: number): RedisScript;
  /** `ready` if the next call would be sent. */
  status(): 'ready' | 'connecting' | 'skipping' | 'closed';
  /** For libraries that need an ioredis client. Only `run` gives its commands a deadline. */
  readonly client: RedisClient;
  close(): Promise<void>;
};

const reconnectDelayMaxMs = 1000;
const connectTimeoutMs = 1000;
/** A connection with open commands and no data for this long is closed and recreated. */
const silenceTimeoutMs = 3000;
const closeTimeoutMs = 500;
const tlsSettings = settingsOfUrl('REDIS_URL');

/**
 * A cache client. Without Redis a call costs at most the command timeout, and soon nothing, because the
 * circuit opens.
 */
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
  const present = derived(typeof url === 'function' ? url : () => url, parseRedisUrl);
  const client = new Client({
    ...present(),
    keyPrefix,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: connectTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    disconnectTimeout: closeTimeoutMs,
    retryStrategy(times) {
      // The client reads its options at each new connection.
      const { username, password } = present();
      Object.assign(client.options, { username, password });
      return Math.min(50 * times, reconnectDelayMaxMs);
    },
  });
  const circuit = createCircuit({
    failuresMax,
    openForMs: skipForMs,
    clock,
    onChange: (state) =>
      log.warn(
        { circuit: state },
        state === 'open' ? 'Redis fails; the process skips its calls for now' : 'Redis works again',
      ),
  });
  client.on('error', createErrorLog(client, log));
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

/**
 * The client reconnects by itself, many times a minute. So most failures are debug lines. A refused login or a fault of
 * TLS does not pass by itself. It is a warning, once until the next connection that works.
 */
function createErrorLog(client: RedisClient, log: Logger): (error: Error) => void {
  let isWarned = false;
  client.on('ready', () => {
    isWarned = false;
  });
  return (error) => {
    const fault = tlsFault(error, tlsSettings) ?? loginFault(error) ?? silenceFault(client, error);
    if (fault === null || isWarned) return log.debug({ err: error }, 'the connection to Redis failed');
    isWarned = true;
    log.warn({ fault }, 'Redis cannot be used with this configuration');
  };
}

/** Redis names the kind of an error in the first word of its message. */
function loginFault({ message }: Error): string | null {
  return /^(WRONGPASS|NOAUTH|NOPERM)\b/.test(message)
    ? 'the server refuses the login; check user and password in REDIS_URL'
    : null;
}

/** A server without TLS waits for the end of a command that the handshake never sends. */
function silenceFault({ options }: RedisClient, error: Error): string | null {
  const isSilent = (error as { code?: unknown }).code === 'ETIMEDOUT';
  return isSilent && options.tls !== undefined
    ? 'the server did not answer the handshake; it may not speak TLS at this address; check REDIS_URL'
    : null;
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
  if (result.kind === 'failed') log.debug({ reason: errorMessage(result.error) }, 'a Redis call failed');
}

async function close(client: RedisClient, log: Logger): Promise<void> {
  const quit = client.status === 'ready' ? await attempt(() => client.quit(), closeTimeoutMs) : undefined;
  if (quit !== undefined && quit.kind !== 'ok') log.debug('Redis did not confirm QUIT in time');
  client.disconnect();
}
