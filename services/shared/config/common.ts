import { logLevels } from '../log/index.ts';
import {
  bool,
  durationMs,
  int,
  list,
  live,
  liveLogin,
  oneOf,
  secret,
  secretList,
  str,
  url,
} from './fields.ts';

/** Where the token of the SASL mechanism oauthbearer comes from. */
const kafkaTokenFields = {
  kafkaOauthTokenUrl: url('KAFKA_SASL_OAUTH_TOKEN_URL', {
    protocols: ['http', 'https'],
    default: '',
    help: 'For oauthbearer: token endpoint of the authorization server (client credentials grant). Plain http is allowed for localhost only.',
  }),
  kafkaOauthClientId: str('KAFKA_SASL_OAUTH_CLIENT_ID', {
    default: '',
    help: 'Client id at the token endpoint.',
  }),
  kafkaOauthClientSecret: secret('KAFKA_SASL_OAUTH_CLIENT_SECRET', {
    default: '',
    help: 'Client secret at the token endpoint.',
  }),
  kafkaOauthScope: str('KAFKA_SASL_OAUTH_SCOPE', {
    default: '',
    help: 'Scope to request at the token endpoint; the default scope of the client when empty.',
  }),
  kafkaOauthCa: str('KAFKA_SASL_OAUTH_CA', {
    default: '',
    help: 'File with the CA certificates (PEM) that verify the token endpoint. If empty, the list of authorities in Node is used.',
  }),
  kafkaOauthTokenFile: str('KAFKA_SASL_OAUTH_TOKEN_FILE', {
    default: '',
    help: 'For oauthbearer, instead of the token endpoint: file with the token. It is read at each login.',
  }),
  kafkaOauthExtensions: list('KAFKA_SASL_OAUTH_EXTENSIONS', {
    default: [],
    itemPattern: /^[A-Za-z]+=[\x21-\x7e]+$/,
    help: 'For oauthbearer: SASL extensions name=value, for clusters that require them.',
  }),
};

export const kafkaFields = {
  kafkaBrokers: list('KAFKA_BROKERS', {
    default: ['127.0.0.1:19092'],
    itemPattern: /^[^\s/:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/,
    help: 'Kafka bootstrap brokers, host:port.',
  }),
  kafkaTopicPrefix: str('KAFKA_TOPIC_PREFIX', {
    default: '',
    pattern: /^[a-zA-Z0-9._-]{0,60}$/,
    help: 'Prefix of every topic, group and Redis key, for several installations on the same servers.',
  }),
  kafkaSsl: bool('KAFKA_SSL', { default: false, help: 'Use TLS to the brokers.' }),
  kafkaSslCa: str('KAFKA_SSL_CA', {
    default: '',
    help: 'File with the CA certificates (PEM) that verify the brokers. If empty, the list of authorities in Node is used.',
  }),
  kafkaSslCert: str('KAFKA_SSL_CERT', {
    default: '',
    help: 'File with the client certificate and its chain (PEM), for brokers that require one.',
  }),
  kafkaSslKey: str('KAFKA_SSL_KEY', {
    default: '',
    help: 'File with the private key of KAFKA_SSL_CERT (PEM, not encrypted).',
  }),
  kafkaSaslMechanism: oneOf(
    'KAFKA_SASL_MECHANISM',
    ['', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'],
    { default: '', help: 'SASL mechanism; none when empty.' },
  ),
  kafkaSaslUsername: str('KAFKA_SASL_USERNAME', { default: '', help: 'SASL user, for plain and scram.' }),
  kafkaSaslPassword: secret('KAFKA_SASL_PASSWORD', {
    default: '',
    help: 'SASL password, for plain and scram.',
  }),
  ...kafkaTokenFields,
};

/** The settings of members of a consumer group. */
export const consumerFields = {
  silenceMaxMs: durationMs('KAFKA_SILENCE_MAX', {
    default: 30_000,
    min: 2_000,
    max: 600_000,
    help: 'If a consumer gets no response from the brokers for this long, it reports not ready and connects again.',
  }),
};

export const registryFields = {
  schemaRegistryUrl: url('SCHEMA_REGISTRY_URL', {
    protocols: ['http', 'https'],
    default: 'http://127.0.0.1:18081/apis/ccompat/v7',
    help: 'Base URL of the Confluent-compatible schema registry, with user:password@ for basic authentication. https:// verifies the host. ?ca=FILE, &cert=FILE and &key=FILE are as in MYSQL_URL.',
  }),
};

export const mysqlFields = {
  mysqlUrl: liveLogin(
    url('MYSQL_URL', {
      protocols: ['mysql'],
      help: 'Database: mysql://user:password@host:port/database. With ?tls=true the connection is encrypted and the host name is verified. &ca=FILE names the CA certificates (PEM). &cert=FILE and &key=FILE present a client certificate.',
    }),
  ),
};

export const redisFields = {
  redisUrl: liveLogin(
    url('REDIS_URL', {
      protocols: ['redis', 'rediss'],
      default: 'redis://127.0.0.1:16379',
      help: 'Redis URL. Redis is only a cache: nothing is lost without it. rediss:// uses TLS and verifies the host. ?ca=FILE, &cert=FILE and &key=FILE are as in MYSQL_URL.',
    }),
  ),
};

/** Settings of services that call a payment provider or read its callbacks. */
export const paymentFields = {
  paymentLocalUrl: url('PAYMENT_LOCAL_URL', {
    protocols: ['http', 'https'],
    default: '',
    help: 'Base URL of the local payment provider, for demonstrations and tests. If empty, there is no such provider.',
  }),
  paymentLocalKey: live(
    secret('PAYMENT_LOCAL_KEY', {
      default: '',
      help: 'Key of the API of the local payment provider; required with PAYMENT_LOCAL_URL.',
    }),
  ),
  paymentLocalCallbackSecrets: live(
    secretList('PAYMENT_LOCAL_CALLBACK_SECRETS', {
      default: [],
      help: 'Secrets whsec_<base64> that sign callbacks of the local payment provider. Two during a rotation.',
    }),
  ),
  paymentTimeoutMs: durationMs('PAYMENT_TIMEOUT', {
    default: 10_000,
    min: 100,
    max: 60_000,
    help: 'Time limit of one call of a payment provider.',
  }),
};

/** Settings of services that seal or open personal fields of commands. */
export const personalDataFields = {
  personalDataKeys: secretList('PERSONAL_DATA_KEYS', {
    default: [],
    help: 'Keys that encrypt the customer keys in the database, <id>:<base64 of 32 bytes>. The first key encrypts, all keys decrypt. Ingestion seals the personal fields of commands if it has a key. Give workers the same keys first.',
  }),
};

export const adminFields = {
  adminHost: str('ADMIN_HOST', {
    default: '127.0.0.1',
    help: 'Address of the admin server (health and metrics).',
  }),
  adminPort: int('ADMIN_PORT', {
    default: 0,
    max: 65535,
    help: 'Port of the admin server. With 0, the server uses any free port and logs it.',
  }),
};

export const configFields = {
  configFile: str('CONFIG_FILE', {
    default: '',
    help: 'JSON file with settings that go before the environment, in sections `all`, `flags`, and one for each service.',
  }),
  configPollMs: durationMs('CONFIG_POLL', {
    default: 5_000,
    min: 20,
    max: 10_000,
    help: 'How often the process reads CONFIG_FILE and the files of secrets again.',
  }),
};

export const logFields = {
  logLevel: live(
    oneOf('LOG_LEVEL', logLevels, { default: 'info', help: 'The lowest level that is logged.' }),
  ),
  instanceId: str('INSTANCE_ID', {
    default: '',
    pattern: /^[\x21-\x7e]{1,80}$/,
    help: 'Name of this process in logs, owner columns and client ids. If empty, the name consists of host and process id.',
  }),
};

export const webhookFields = {
  webhookAllowAddresses: list('WEBHOOK_ALLOW_ADDRESSES', {
    default: [],
    itemPattern: /^[0-9a-fA-F.:]+(\/\d{1,3})?$/,
    help: 'Private addresses or CIDR ranges that webhooks may reach, also with plain http.',
  }),
};
