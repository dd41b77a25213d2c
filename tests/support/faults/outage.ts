/** Servers that are down for the clients of a test, and up for all others. */
import { AsyncLocalStorage } from 'node:async_hooks';
import net from 'node:net';
import { vi } from 'vitest';
import { testStack } from '../servers/stack.ts';
import { type KafkaProxy, startKafkaProxy } from './kafka-proxy.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface Outage {
  kafka: KafkaProxy;
  mysql: TcpProxy;
  registry: TcpProxy;
  /** The same servers, behind the proxies. */
  behind(env: Readonly<Record<string, string>>): Record<string, string>;
  /**
   * Runs `start`. Every connection that this code opens, now or later, reaches the brokers through the proxy.
   */
  run<T>(start: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export async function startOutage(): Promise<Outage> {
  const { kafkaBrokers, mysqlUrl, schemaRegistryUrl } = testStack();
  const [host, port] = kafkaBrokers.split(':') as [string, string];
  const kafka = await startKafkaProxy({ host, port: Number(port) });
  const [mysql, registry] = await Promise.all([mysqlUrl, schemaRegistryUrl].map(proxyOf));
  const within = new AsyncLocalStorage<true>();
  const connect = net.connect as (options: net.TcpNetConnectOpts, ...rest: unknown[]) => net.Socket;
  // Brokers return their own addresses, so this redirects the connection itself.
  const spy = vi.spyOn(net, 'connect').mockImplementation(((
    options: net.TcpNetConnectOpts,
    ...rest: unknown[]
  ) => {
    const isThrough = options.port === Number(port) && within.getStore() === true;
    return connect(isThrough ? { ...options, port: kafka.port } : options, ...rest);
  }) as typeof net.connect);
  return {
    kafka,
    mysql: mysql!,
    registry: registry!,
    behind: (env) => ({
      ...env,
      MYSQL_URL: withPort(env['MYSQL_URL']!, mysql!.port),
      SCHEMA_REGISTRY_URL: withPort(env['SCHEMA_REGISTRY_URL']!, registry!.port),
    }),
    run: (start) => within.run(true, start),
    async close() {
      spy.mockRestore();
      await Promise.all([kafka.close(), mysql!.close(), registry!.close()]);
    },
  };
}

function proxyOf(text: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(text);
  return startTcpProxy({ host: hostname, port: Number(port) });
}

function withPort(text: string, port: number): string {
  const url = new URL(text);
  url.port = String(port);
  return url.href;
}
