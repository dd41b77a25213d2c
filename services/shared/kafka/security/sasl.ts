/** The login of a Kafka client, from the fields of `kafkaFields` (shared/config). */
import type { Mechanism, SASLOptions } from 'kafkajs';
import { type AppError, appError } from '../../errors/index.ts';
import { httpsAgent } from '../../http-client/index.ts';
import { readTlsFiles } from '../../tls/index.ts';
import { oauthBearer } from './oauth-bearer.ts';
import { createTokenCache } from './token-cache.ts';
import { fetchToken } from './token-endpoint.ts';
import { readTokenFile } from './token-file.ts';

export interface SaslConfig {
  kafkaSaslMechanism?: string;
  kafkaSaslUsername?: string;
  kafkaSaslPassword?: string;
  kafkaOauthTokenUrl?: string;
  kafkaOauthClientId?: string;
  kafkaOauthClientSecret?: string;
  kafkaOauthScope?: string;
  kafkaOauthCa?: string;
  kafkaOauthTokenFile?: string;
  kafkaOauthExtensions?: readonly string[];
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Undefined without a mechanism. Throws CONFIG_INVALID if a setting of the mechanism is missing or contradicts it. */
export function saslOptions(config: SaslConfig): SASLOptions | Mechanism | undefined {
  const { kafkaSaslMechanism: mechanism = '' } = config;
  switch (mechanism) {
    case '':
      return undefined;
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      return withPassword(mechanism, config);
    case 'oauthbearer':
      return withToken(config);
    default:
      throw invalid(`KAFKA_SASL_MECHANISM=${mechanism} is not supported`);
  }
}

function withPassword(
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512',
  { kafkaSaslUsername: username = '', kafkaSaslPassword: password = '' }: SaslConfig,
): SASLOptions {
  if (username === '' || password === '')
    throw invalid(`KAFKA_SASL_MECHANISM=${mechanism} needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD`);
  return { mechanism, username, password } as SASLOptions;
}

/**
 * All clients of the settings share one token. kafkajs asks for it at each login. Brokers with
 * `connections.max.reauth.ms` require a new login before the token of a connection expires.
 */
function withToken(config: SaslConfig): Mechanism {
  return oauthBearer(tokenOf(config), extensionsOf(config.kafkaOauthExtensions ?? []));
}

function tokenOf(config: SaslConfig): () => Promise<string> {
  const { kafkaOauthTokenUrl: url = '', kafkaOauthTokenFile: file = '' } = config;
  if ((url === '') === (file === '')) {
    throw invalid(
      'KAFKA_SASL_MECHANISM=oauthbearer needs either KAFKA_SASL_OAUTH_TOKEN_URL or KAFKA_SASL_OAUTH_TOKEN_FILE',
    );
  }
  if (file !== '') return async () => (await readTokenFile(file)).value;
  const { kafkaOauthClientId: clientId = '', kafkaOauthClientSecret: clientSecret = '' } = config;
  if (clientId === '' || clientSecret === '') {
    throw invalid(
      'KAFKA_SASL_OAUTH_TOKEN_URL needs KAFKA_SASL_OAUTH_CLIENT_ID and KAFKA_SASL_OAUTH_CLIENT_SECRET',
    );
  }
  const endpoint = {
    url: endpointUrl(url),
    clientId,
    clientSecret,
    scope: config.kafkaOauthScope || null,
    agent: agentOf(url, config.kafkaOauthCa),
  };
  return createTokenCache(() => fetchToken(endpoint));
}

/** Over plain http anybody on the network could read the secret of the client. */
function endpointUrl(text: string): string {
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '')
    throw invalid('KAFKA_SASL_OAUTH_TOKEN_URL has a login; use KAFKA_SASL_OAUTH_CLIENT_ID and its secret');
  if (protocol !== 'https:' && !loopback.test(hostname))
    throw invalid('KAFKA_SASL_OAUTH_TOKEN_URL must begin with https://; only localhost may use http://');
  return text;
}

function agentOf(url: string, ca = '') {
  if (ca === '') return null;
  if (!url.startsWith('https:')) {
    throw invalid('KAFKA_SASL_OAUTH_CA needs a KAFKA_SASL_OAUTH_TOKEN_URL with https://');
  }
  return httpsAgent(readTlsFiles({ ca }, () => 'KAFKA_SASL_OAUTH_CA'));
}

/** Extensions of RFC 7628, which some managed clusters require, for example `logicalCluster=lkc-1`. */
function extensionsOf(pairs: readonly string[]): [name: string, value: string][] {
  return pairs.map((pair) => {
    const [, name, value] = /^([A-Za-z]+)=(.+)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined || name === 'auth') {
      throw invalid('KAFKA_SASL_OAUTH_EXTENSIONS has an item that is not name=value');
    }
    return [name, value];
  });
}

function invalid(problem: string): AppError {
  return appError('CONFIG_INVALID', { problems: [problem] });
}
