/** One order through services that use TLS to every server, and to the API. */
import { readFile } from 'node:fs/promises';
import { registerSchemas } from '../../../services/shared/codec/index.ts';
import { httpsAgent, request } from '../../../services/shared/http-client/index.ts';
import { openApiWorld, orderOf } from '../api/api-world.ts';
import { runVerify, type VerifyResult } from '../arena/processes/verify.ts';
import { unique } from './stack.ts';
import type { TlsStack } from './tls-stack.ts';

/**
 * Ingestion logs in to Kafka by SCRAM and serves HTTPS to clients with a certificate. The worker uses a client
 * certificate, and the command line a password. Returns the order after its outcome, and what `verify` says.
 */
export async function placeOrderOverTls(tls: TlsStack): Promise<{ placed: unknown; report: VerifyResult }> {
  const { authority, certificates, ports, brokers, user, password, open } = tls;
  const topicPrefix = `${unique('tls')}.`;
  const mysqlUrl = Object.assign(new URL(open.mysqlUrl), { pathname: '/os_t_tls' });
  const ca = new URLSearchParams({ ca: authority.ca });
  const mutual = new URLSearchParams({ ca: authority.ca, ...certificates.client });
  const login = `${user}:${encodeURIComponent(password)}`;
  const servers = {
    KAFKA_SSL: 'true',
    KAFKA_SSL_CA: authority.ca,
    SCHEMA_REGISTRY_URL: `https://localhost:${ports.registry}/apis/ccompat/v7?${ca}`,
    MYSQL_URL: Object.assign(new URL(mysqlUrl), {
      hostname: 'localhost',
      search: String(new URLSearchParams({ tls: 'true', ...Object.fromEntries(mutual) })),
    }).href,
    REDIS_URL: `rediss://${login}@localhost:${ports.redis}?${mutual}`,
  };
  const withPassword = (mechanism: string) => ({
    ...servers,
    KAFKA_BROKERS: brokers.login,
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD: password,
  });
  await registerSchemas({ registryUrl: servers.SCHEMA_REGISTRY_URL });
  const world = await openApiWorld({
    topicPrefix,
    mysqlUrl: mysqlUrl.href,
    kafkaBrokers: brokers.open,
    schemaRegistryUrl: open.registryUrl,
    redisUrl: open.redisUrl,
  });
  try {
    await world.arena.startWorker({
      ...servers,
      KAFKA_BROKERS: brokers.mutual,
      KAFKA_SSL_CERT: certificates.client.cert,
      KAFKA_SSL_KEY: certificates.client.key,
    });
    const api = await world.startApi({
      ...withPassword('scram-sha-512'),
      TLS_CERT: certificates.own.cert,
      TLS_KEY: certificates.own.key,
      TLS_CLIENT_CA: authority.ca,
    });
    const [pemCa, cert, key] = await Promise.all(
      [authority.ca, certificates.client.cert, certificates.client.key].map((file) => readFile(file, 'utf8')),
    );
    const answer = await request(`${api.url.replace('127.0.0.1', 'localhost')}/v1/orders`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await world.token('c1')}`,
        'content-type': 'application/json',
        'idempotency-key': 'over-tls',
        prefer: 'wait=20',
      },
      body: JSON.stringify(orderOf()),
      timeoutMs: 30_000,
      agent: httpsAgent({ ca: pemCa, cert, key }),
    });
    const env = { ...world.env, ...withPassword('plain'), KAFKA_TOPIC_PREFIX: topicPrefix };
    return { placed: JSON.parse(answer.text), report: await runVerify(env) };
  } finally {
    await world.close();
  }
}
