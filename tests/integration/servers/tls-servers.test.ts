/**
 * TLS to every server. An encrypted connection is also verified. Services and the command line read a setting
 * in the same way.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer, type Server } from 'node:tls';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withDatabase } from '../../../cli/database.ts';
import { createKafkaConfig } from '../../../services/shared/kafka/index.ts';
import { createCluster } from '../../../services/shared/kafka/kafkajs/cluster.ts';
import { createMysql } from '../../../services/shared/mysql/index.ts';
import { createRedis } from '../../../services/shared/redis/index.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { type Authority, type Certificate, createAuthority } from '../../support/servers/certificates.ts';
import { testStack, until } from '../../support/servers/stack.ts';
import { startTlsMysql, type TlsMysql } from '../../support/servers/tls-mysql.ts';

let dir: string;
let authority: Authority;
let stranger: Authority;
let own: Certificate;
let foreign: Certificate;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'os-tls-'));
  authority = await createAuthority(dir);
  stranger = await createAuthority(dir, 'stranger');
  own = await authority.issue('localhost');
  foreign = await authority.issue('db.example.com');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const cipherSql = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";

/** The cipher of a connection of the services' own client. */
async function asService(url: string): Promise<unknown> {
  const mysql = createMysql({ url, log: quietLog });
  try {
    return (await mysql.pool.rows<{ Value: string }>(cipherSql))[0]?.Value;
  } finally {
    await mysql.close();
  }
}

async function asCommandLine(url: string): Promise<unknown> {
  return withDatabase(url, async (db) => (await db.query<RowDataPacket[]>(cipherSql))[0][0]?.['Value']);
}

describe.each([
  ['services', asService],
  ['the command line', asCommandLine],
])('the database, for %s', (_name, cipherOf) => {
  let mysql: TlsMysql;
  beforeAll(async () => {
    mysql = await startTlsMysql('tls');
  });
  afterAll(() => mysql.close());

  const urlWith = (more: Record<string, string>) => {
    const url = new URL(mysql.server.url);
    url.hostname = 'localhost';
    url.pathname = '/';
    for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
    return url.href;
  };

  it('is encrypted with tls=true, and only if a known authority signed a certificate of its host', async () => {
    // If the server has no TLS, the client does not connect without encryption.
    await expect(cipherOf(urlWith({ tls: 'true' }))).rejects.toThrow(/secure connection/);
    await mysql.present(own);
    expect(await cipherOf(urlWith({ tls: 'true', ca: authority.ca }))).toMatch(/^TLS_|AES|CHACHA/);
    expect(await cipherOf(urlWith({}))).toBe('');
    await expect(cipherOf(urlWith({ tls: 'true' }))).rejects.toThrow(/check ca in MYSQL_URL/);
    await expect(cipherOf(urlWith({ tls: 'true', ca: stranger.ca }))).rejects.toThrow(
      /check ca in MYSQL_URL/,
    );
    await mysql.present(foreign);
    await expect(cipherOf(urlWith({ tls: 'true', ca: authority.ca }))).rejects.toThrow(/another host name/);
  });
});

/** Adds TLS in front of a server without TLS. */
async function startTlsFront({ cert, key }: Certificate, target: string): Promise<Server & { port: number }> {
  const [host, port] = target.split(':') as [string, string];
  const files = { cert: readFileSync(cert), key: readFileSync(key) };
  const front = createServer(files, (client) => {
    const server = connect(Number(port), host);
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
  });
  front.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return Object.assign(front, { port: (front.address() as { port: number }).port });
}

describe('Redis and Kafka', () => {
  let [redisAddress, kafkaAddress] = ['', ''];
  beforeAll(() => {
    redisAddress = new URL(testStack().redisUrl).host;
    kafkaAddress = testStack().kafkaBrokers.split(',')[0]!;
  });

  const answersOfRedis = async (certificate: Certificate, ca: string) => {
    const front = await startTlsFront(certificate, redisAddress);
    const refused = new Promise<string>((resolve) => front.once('tlsClientError', () => resolve('refused')));
    const url = `rediss://localhost:${front.port}?ca=${encodeURIComponent(ca)}`;
    const redis = createRedis({ url, log: quietLog, commandTimeoutMs: 2_000 });
    try {
      const ready = until(() => redis.status() === 'ready', { what: 'Redis is ready' });
      ready.catch(() => undefined);
      const first = await Promise.race([ready.then(() => 'ready'), refused]);
      return first === 'ready' ? await redis.run((client) => client.ping(), 'fallback') : first;
    } finally {
      await redis.close();
      front.close();
    }
  };

  it('Redis answers over rediss:// if its certificate is of that host', async () => {
    expect(await answersOfRedis(own, authority.ca)).toBe('PONG');
    expect(await answersOfRedis(own, stranger.ca)).toBe('refused');
  });

  const connectToKafka = async (certificate: Certificate, kafkaSslCa: string) => {
    const front = await startTlsFront(certificate, kafkaAddress);
    const config = { kafkaBrokers: [`localhost:${front.port}`], kafkaSsl: true, kafkaSslCa };
    const cluster = createCluster(createKafkaConfig(config, 'tls'), { log: quietLog, retries: 0 });
    try {
      await cluster.connect();
    } finally {
      await cluster.disconnect();
      front.close();
    }
  };

  it('a broker is used if its certificate is of that host', async () => {
    await connectToKafka(own, authority.ca);
    await expect(connectToKafka(foreign, authority.ca)).rejects.toThrow(/altnames|Connection error/);
    await expect(connectToKafka(own, stranger.ca)).rejects.toThrow(/verify|Connection error/);
  });

  it('an invalid CA file, or one without TLS, is a configuration error', async () => {
    const file = path.join(dir, 'empty.pem');
    await writeFile(file, 'nothing');
    const kafkaBrokers = [kafkaAddress];
    for (const config of [
      { kafkaBrokers, kafkaSslCa: authority.ca },
      { kafkaBrokers, kafkaSsl: true, kafkaSslCa: file },
      { kafkaBrokers, kafkaSsl: true, kafkaSslCa: path.join(dir, 'absent.pem') },
    ])
      expect(() => createKafkaConfig(config, 'tls')).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      );
    for (const url of [`redis://h?ca=${file}`, `rediss://h?ca=${file}`, 'redis://h?tls=false', 'redis://h/x'])
      expect(() => createRedis({ url, log: quietLog })).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      );
  });
});
