/**
 * TLS and logins to real servers. A right connection works. Each kind of wrong one is refused, and the error names the
 * setting to check. Services and the command line behave alike.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { kafkaFields, loadConfig } from '../../../services/shared/config/index.ts';
import { createAdmin, createKafkaConfig } from '../../../services/shared/kafka/index.ts';
import { isMissing, type Missing, skipOrFail } from '../../support/programs/missing.ts';
import { askRedis, askRegistry, commandLine, service } from '../../support/servers/tls-clients.ts';
import { startTlsFront } from '../../support/servers/tls-front.ts';
import { placeOrderOverTls } from '../../support/servers/tls-order.ts';
import { startTlsStack, type TlsStack } from '../../support/servers/tls-stack.ts';

let started: TlsStack | Missing;
let tls: TlsStack;

beforeAll(async () => {
  started = await startTlsStack('tls');
  if (!isMissing(started)) tls = started;
}, 180_000);
beforeEach((context) => {
  if (isMissing(started)) skipOrFail(context, started);
});
afterAll(() => tls?.close());

const encoded = encodeURIComponent;
const filesOf = ({ cert, key }: { cert: string; key: string }) => ({
  KAFKA_SSL_CERT: cert,
  KAFKA_SSL_KEY: key,
});
const kafkaEnv = (brokers: string, more: Record<string, string> = {}) => ({
  KAFKA_BROKERS: brokers,
  KAFKA_SSL: 'true',
  KAFKA_SSL_CA: tls.authority.ca,
  ...more,
});

describe.each([
  ['a service', service],
  ['the command line', commandLine],
])('Kafka, for %s', (_name, { useKafka }) => {
  it('is used with TLS and a client certificate', async () => {
    await useKafka(kafkaEnv(tls.brokers.mutual, filesOf(tls.certificates.client)));
  });

  it('is refused over a wrong connection, and the error names the setting', async () => {
    const { brokers, stranger, certificates } = tls;
    const client = filesOf(certificates.client);
    const cases: [Record<string, string>, RegExp][] = [
      [kafkaEnv(brokers.mutual), /client certificate; check KAFKA_SSL_CERT/],
      [
        kafkaEnv(brokers.mutual, filesOf(await stranger.issue('shop'))),
        /client certificate; check KAFKA_SSL_CERT/,
      ],
      [kafkaEnv(brokers.foreign), /another host name; check KAFKA_BROKERS/],
      [kafkaEnv(brokers.mutual.replace('localhost', '127.0.0.1'), client), /another host name/],
      [kafkaEnv(brokers.expired), /certificate of the server has expired/],
      [kafkaEnv(brokers.mutual, { ...client, KAFKA_SSL_CA: stranger.ca }), /check KAFKA_SSL_CA/],
      [kafkaEnv(brokers.mutual, { ...client, KAFKA_SSL_CA: '' }), /check KAFKA_SSL_CA/],
      [kafkaEnv(brokers.open), /may not speak TLS at this address; check KAFKA_SSL/],
    ];
    await Promise.all(cases.map(([env, expected]) => expect(useKafka(env)).rejects.toThrow(expected)));
  });

  const login = (mechanism: string, more: Record<string, string> = {}) =>
    kafkaEnv(tls.brokers.login, {
      KAFKA_SASL_MECHANISM: mechanism,
      KAFKA_SASL_USERNAME: tls.user,
      KAFKA_SASL_PASSWORD: tls.password,
      ...more,
    });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('takes a password by %s', async (mechanism) => {
    await useKafka(login(mechanism));
    const refused = useKafka(login(mechanism, { KAFKA_SASL_PASSWORD: 'wrong' }));
    await expect(refused).rejects.toThrow(/authentication failed.*; check KAFKA_SASL_MECHANISM/);
    await expect(refused).rejects.not.toThrow(/wrong/);
  });

  it('takes the token of a file, and no token for somebody else', async () => {
    const KAFKA_SASL_OAUTH_TOKEN_FILE = `${tls.authority.ca}.token`;
    const env = login('oauthbearer', { KAFKA_SASL_OAUTH_TOKEN_FILE });
    await writeFile(
      KAFKA_SASL_OAUTH_TOKEN_FILE,
      await tls.issuer.sign({ customerId: 'shop', scopes: ['kafka'] }),
    );
    await useKafka(env);
    const token = await readFile(KAFKA_SASL_OAUTH_TOKEN_FILE, 'utf8');
    await writeFile(KAFKA_SASL_OAUTH_TOKEN_FILE, `${token.slice(0, -8)}AAAAAAAA`);
    await expect(useKafka(env)).rejects.toThrow(
      /refuses the token .*invalid_token.*; check KAFKA_SASL_MECHANISM/,
    );
  });
});

describe('tokens of an endpoint', () => {
  it('are fetched over TLS, and again before they expire, on connections that stay open', async () => {
    const { cert, key } = tls.certificates.own;
    let asked = 0;
    const endpoint = createServer(
      { cert: await readFile(cert), key: await readFile(key) },
      async (_request, response) => {
        asked++;
        // The broker ends the session after 11 s. The client logs in 10 s earlier, with a new token.
        const token = await tls.issuer.sign({ customerId: 'shop', scopes: ['kafka'], ttlSeconds: 11 });
        response.end(JSON.stringify({ access_token: token, expires_in: 1 }));
      },
    );
    onTestFinished(() => void endpoint.close());
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
    const env = kafkaEnv(tls.brokers.login, {
      KAFKA_SASL_MECHANISM: 'oauthbearer',
      KAFKA_SASL_OAUTH_TOKEN_URL: `https://localhost:${(endpoint.address() as AddressInfo).port}/token`,
      KAFKA_SASL_OAUTH_CLIENT_ID: 'orders',
      KAFKA_SASL_OAUTH_CLIENT_SECRET: tls.password,
      KAFKA_SASL_OAUTH_CA: tls.authority.ca,
    });
    const admin = createAdmin(createKafkaConfig(loadConfig(env, kafkaFields), 'tls'));
    onTestFinished(() => admin.close());
    expect(await admin.ping()).toBe(1);
    const first = asked;
    await expect
      .poll(async () => {
        expect(await admin.ping()).toBe(1);
        return asked;
      })
      .toBeGreaterThan(first);
    expect(await admin.ping()).toBe(1);
  });
});

describe.each([
  ['a service', service],
  ['the command line', commandLine],
])('MySQL, for %s', (_name, { cipherOf }) => {
  const urlOf = (more: Record<string, string>, user?: string) => {
    const url = new URL(tls.open.mysqlUrl);
    url.hostname = 'localhost';
    url.pathname = '/';
    if (user !== undefined) url.username = user;
    for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
    return url.href;
  };

  it('is encrypted and verified', async () => {
    const right = urlOf({ tls: 'true', ca: tls.authority.ca });
    await tls.presentMysql(tls.certificates.own);
    expect(await cipherOf(right)).toMatch(/^TLS_|AES|CHACHA/);
    expect(await cipherOf(urlOf({}))).toBe('');
    const unknown = urlOf({ tls: 'true', ca: tls.stranger.ca });
    await expect(cipherOf(unknown)).rejects.toThrow(/check ca in MYSQL_URL/);
    await expect(cipherOf(urlOf({ tls: 'true' }))).rejects.toThrow(/check ca in MYSQL_URL/);
    await tls.presentMysql(tls.certificates.foreign);
    await expect(cipherOf(right)).rejects.toThrow(/another host name; check the host in MYSQL_URL/);
    await tls.presentMysql(tls.certificates.expired);
    await expect(cipherOf(right)).rejects.toThrow(/has expired/);
    await tls.presentMysql(tls.certificates.own);
  });

  it('takes the client certificate of a user that needs one', async () => {
    await tls.root.query("CREATE USER IF NOT EXISTS 'x509'@'%' IDENTIFIED BY 'orderstream' REQUIRE X509");
    const ca = tls.authority.ca;
    const { client } = tls.certificates;
    expect(await cipherOf(urlOf({ tls: 'true', ca, ...client }, 'x509'))).not.toBe('');
    await expect(cipherOf(urlOf({ tls: 'true', ca }, 'x509'))).rejects.toThrow(/Access denied/);
  });
});

describe('Redis', () => {
  const urlOf = (query: string, login = `${tls.user}:${encoded(tls.password)}@`) =>
    `rediss://${login}localhost:${tls.ports.redis}?${query}`;

  it('is encrypted and verified, and takes user and password', async () => {
    const { authority, stranger, certificates } = tls;
    const right = urlOf(`ca=${encoded(authority.ca)}`);
    expect(await askRedis(right)).toBe('PONG');
    expect(await askRedis(urlOf(`ca=${encoded(authority.ca)}`, 'shop:wrong@'))).toMatch(
      /user and password in REDIS_URL/,
    );
    expect(await askRedis(urlOf(`ca=${encoded(stranger.ca)}`))).toMatch(/check ca in REDIS_URL/);
    expect(await askRedis(tls.open.redisUrl.replace('redis:', 'rediss:'))).toMatch(/speak TLS/);
    await tls.presentRedis(certificates.foreign, false);
    expect(await askRedis(right)).toMatch(/another host name; check the host in REDIS_URL/);
    await tls.presentRedis(certificates.expired, false);
    expect(await askRedis(right)).toMatch(/has expired/);
    await tls.presentRedis(certificates.own, true);
    expect(await askRedis(right)).toMatch(/client certificate; check cert and key in REDIS_URL/);
    const { cert, key } = certificates.client;
    expect(await askRedis(`${right}&cert=${encoded(cert)}&key=${encoded(key)}`)).toBe('PONG');
  });
});

describe('the registry', () => {
  const urlOf = (port: number, query: string, login = '') =>
    `https://${login}localhost:${port}/apis/ccompat/v7?${query}`;
  const frontOf = async (certificate: { cert: string; key: string }, options: object = {}) => {
    const front = await startTlsFront(tls.open.registryUrl, certificate, options);
    onTestFinished(() => front.close());
    return front.port;
  };

  it('is encrypted and verified', async () => {
    const ca = `ca=${encoded(tls.authority.ca)}`;
    const right = urlOf(tls.ports.registry, ca);
    await askRegistry(right);
    const wrongHost = right.replace('localhost', '127.0.0.1');
    await expect(askRegistry(wrongHost)).rejects.toThrow(/another host name.*\n.*another host name/);
    const unknown = urlOf(tls.ports.registry, `ca=${encoded(tls.stranger.ca)}`);
    await expect(askRegistry(unknown)).rejects.toThrow(/check ca in SCHEMA_REGISTRY_URL.*\n.*check ca in/);
    const expired = urlOf(await frontOf(tls.certificates.expired), ca);
    await expect(askRegistry(expired)).rejects.toThrow(/has expired/);
    const plain = tls.open.registryUrl.replace('http:', 'https:');
    await expect(askRegistry(plain)).rejects.toThrow(/speak TLS at this address/);
  });

  it('takes a login and a client certificate', async () => {
    const login = `${tls.user}:${tls.password}`;
    const port = await frontOf(tls.certificates.own, { clientCa: tls.authority.ca, login });
    const { cert, key } = tls.certificates.client;
    const ca = `ca=${encoded(tls.authority.ca)}`;
    const client = `${ca}&cert=${encoded(cert)}&key=${encoded(key)}`;
    const withLogin = `${tls.user}:${encoded(tls.password)}@`;
    await askRegistry(urlOf(port, client, withLogin));
    await expect(askRegistry(urlOf(port, ca, withLogin))).rejects.toThrow(/client certificate; check cert/);
    await expect(askRegistry(urlOf(port, client, 'shop:wrong@'))).rejects.toThrow(/401/);
  });
});

describe('the product', () => {
  it('takes an order from 202 to its outcome with TLS to every server, and verifies it', async () => {
    const { placed, report } = await placeOrderOverTls(tls);
    expect(placed).toMatchObject({ status: 'PENDING_PAYMENT' });
    expect(report).toMatchObject({ ok: true, orders: 1 });
  });
});
