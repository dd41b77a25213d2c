import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../../log/index.ts';
import { createKafkaConfig } from '../settings.ts';
import { createBrokerMaker } from './brokers.ts';
import { createCluster, forceCloseCluster } from './cluster.ts';
import { forceCloseBroker } from './force-close.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 't' });
/** Accepts connections and never responds, like a frozen broker. */
let mute: Server;
let port = 0;

beforeAll(async () => {
  mute = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  port = (mute.address() as { port: number }).port;
});

afterAll(() => {
  mute.close();
});

it('a force-closed broker rejects its requests at once and cannot reconnect', async () => {
  const settings = createKafkaConfig({ kafkaBrokers: [`127.0.0.1:${port}`] }, 'test');
  const broker = createBrokerMaker(settings, { log, requestTimeoutMs: 60_000 })('127.0.0.1', port, 1);
  const waiting = broker.connect();
  await new Promise<void>((resolve) => mute.once('connection', () => resolve()));
  while (!broker.connectionPool.pool[0]!.isConnected()) await new Promise(setImmediate);
  forceCloseBroker(broker, 'test');
  await expect(waiting).rejects.toMatchObject({ retriable: false });
  expect(broker.isConnected()).toBe(false);
  await expect(broker.connect()).rejects.toMatchObject({ retriable: false });
});

it('a cluster that is force-closed during a retry does not reconnect', async () => {
  const settings = createKafkaConfig({ kafkaBrokers: ['127.0.0.1:1'] }, 'test');
  const cluster = createCluster(settings, { log });
  const connecting = cluster.connect();
  await new Promise(setImmediate);
  forceCloseCluster(cluster);
  await expect(connecting).rejects.toMatchObject({ message: expect.stringContaining('client given up') });
});

it('callers that connect at the same time share one socket', async () => {
  const settings = createKafkaConfig({ kafkaBrokers: [`127.0.0.1:${port}`] }, 'test');
  const broker = createBrokerMaker(settings, { log, requestTimeoutMs: 60_000 })('127.0.0.1', port, 1);
  const ports: (number | undefined)[] = [];
  mute.on('connection', (socket) => ports.push(socket.remotePort));
  const connection = broker.connectionPool.pool[0]!;
  await Promise.all([connection.connect(), connection.connect(), connection.connect()]);
  await connection.connect();
  // The server accepts connections in order, so all earlier ones have arrived before this one.
  const last = connect(port, '127.0.0.1');
  await expect.poll(() => last.localPort !== undefined && ports.includes(last.localPort)).toBe(true);
  last.destroy();
  forceCloseBroker(broker, 'test');
  expect(ports).toHaveLength(2);
});
