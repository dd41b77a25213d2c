/** The configuration of ingestion. */
import { tokenLifetimeMaxMs } from '../shared/auth/index.ts';
import {
  bool,
  type ConfigOf,
  durationMs,
  flag,
  int,
  kafkaFields,
  list,
  live,
  mysqlFields,
  paymentFields,
  personalDataFields,
  redisFields,
  registryFields,
  secretList,
  str,
  webhookFields,
} from '../shared/config/index.ts';
import { providerRules } from '../shared/payment-provider/index.ts';
import { keyListProblems } from '../shared/secrets/index.ts';

export const ingestionFields = {
  intakeOn: flag('intake'),
  batchOn: flag('batch'),
  waitsOn: flag('waits'),
  streamsOn: flag('streams'),
  quotesOn: flag('quotes'),
  ...kafkaFields,
  ...registryFields,
  ...mysqlFields,
  ...redisFields,
  ...webhookFields,
  ...paymentFields,
  ...personalDataFields,
  host: str('HOST', { default: '127.0.0.1', help: 'Address of the API.' }),
  port: int('PORT', {
    default: 8080,
    max: 65535,
    help: 'Port of the API; 0 takes any free one and logs it.',
  }),
  tlsCert: str('TLS_CERT', {
    default: '',
    help: 'File with the certificate of the API and its chain (PEM). The API then serves HTTPS and no HTTP. A new file is used within 5 s.',
  }),
  tlsKey: str('TLS_KEY', {
    default: '',
    help: 'File with the private key of TLS_CERT (PEM, not encrypted).',
  }),
  tlsClientCa: str('TLS_CLIENT_CA', {
    default: '',
    help: 'File with CA certificates (PEM). If set, clients must present a certificate of one of them, beside their token.',
  }),
  httpEnabled: bool('HTTP_ENABLED', { default: true, help: 'Whether the API is served over HTTP.' }),
  grpcEnabled: bool('GRPC_ENABLED', { default: true, help: 'Whether the API is served over gRPC.' }),
  grpcPort: int('GRPC_PORT', {
    default: 50_051,
    max: 65535,
    help: 'Port of the gRPC API, at the address HOST; 0 takes any free one and logs it.',
  }),
  grpcMaxConnectionAgeMs: durationMs('GRPC_MAX_CONNECTION_AGE', {
    default: 1_800_000,
    min: 10_000,
    max: 86_400_000,
    help: 'Age at which a gRPC connection gets no more calls, so that clients find new instances. Its open calls may take as long again.',
  }),
  ticketSecrets: live(
    secretList('TICKET_SECRET', {
      lengthMin: 16,
      help: 'Secrets of tickets and cursors, separated by commas; each has at least 16 characters. The first signs, all verify. The same on all instances.',
    }),
  ),
  accessLogPerSecond: live(
    int('ACCESS_LOG_PER_SECOND', {
      default: 20,
      min: 0,
      max: 10_000,
      help: 'Maximum number of log lines per second for answered requests, and as many for server errors; 0 for none. The next line says how many were skipped.',
    }),
  ),
  corsOrigins: list('CORS_ORIGINS', {
    default: [],
    itemPattern: /^(\*|https?:\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?)$/,
    help: 'Origins whose browser scripts may use the API, for example https://shop.example.com; * for all.',
  }),
  webhookSecretKeys: live(
    secretList('WEBHOOK_SECRET_KEYS', {
      help: 'Keys for the webhook secrets in the database, <id>:<base64 of 32 bytes>. The first key encrypts, all keys decrypt.',
    }),
  ),
  sealingRequired: bool('SEALING_REQUIRED', {
    default: false,
    help: 'Only with PERSONAL_DATA_KEYS: refuse commands with 503 while the key of their customer cannot be read. By default they are accepted, and their personal fields are readable in the command topic.',
  }),
  jwks: str('JWKS', {
    help: 'Public keys of the token issuer: a file or an https URL. Plain http is allowed for localhost only. While tokens arrive, a file is read again every 5 s, and a URL every 5 minutes. An unknown key reads it at once.',
  }),
  jwtIssuer: str('JWT_ISSUER', { default: 'orderstream-local', help: 'The required `iss` of tokens.' }),
  jwtAudience: str('JWT_AUDIENCE', { default: 'orderstream', help: 'The required `aud` of tokens.' }),
  jwtTypes: list('JWT_TYPES', {
    default: ['at+jwt', 'JWT'],
    itemPattern: /^[A-Za-z0-9.+-]{1,40}$/,
    itemsMax: 10,
    help: 'The allowed `typ` of tokens; a token without it counts as `JWT`. For an issuer that follows RFC 9068, `at+jwt` is enough.',
  }),
  jwtLifetimeMaxMs: durationMs('JWT_LIFETIME_MAX', {
    default: tokenLifetimeMaxMs,
    min: 60_000,
    help: 'The longest lifetime of a token; tokens with a longer one are refused.',
  }),
  rateOrdersPerSecond: live(
    int('RATE_ORDERS_PER_SECOND', {
      default: 500,
      min: 1,
      max: 10_000_000,
      help: 'Orders that one caller may place per second on average.',
    }),
  ),
  rateBurstOrders: live(
    int('RATE_BURST_ORDERS', {
      default: 1_000,
      min: 500,
      max: 10_000_000,
      help: 'Orders that one caller may place at once after a pause; at least a whole batch.',
    }),
  ),
  lingerMs: int('LINGER_MS', {
    default: 8,
    max: 50,
    help: 'How long a command waits so that others share its produce request, in milliseconds.',
  }),
  loopDelayLimitMs: live(
    durationMs('LOOP_DELAY_LIMIT_MS', {
      default: 100,
      help: 'Mean delay of the event loop above which orders are refused with 503.',
    }),
  ),
  produceAgeLimitMs: live(
    durationMs('PRODUCE_AGE_LIMIT_MS', {
      default: 1_000,
      help: 'Age of the oldest command without acknowledgement above which orders are refused with 503.',
    }),
  ),
  lagLimitMs: live(
    durationMs('LAG_LIMIT_MS', {
      default: 60_000,
      help: 'Expected wait for an outcome (from backlog and rate) above which orders are refused with 503.',
    }),
  ),
  waitersMax: live(
    int('WAITERS_MAX', {
      default: 12_000,
      min: 1,
      max: 100_000,
      help: 'Clients that may wait or stream at the same time. One caller may use all remaining places.',
    }),
  ),
  mysqlPoolSize: int('MYSQL_POOL_SIZE', {
    default: 6,
    min: 1,
    max: 64,
    help: 'Database connections for reads and for changes of webhook endpoints.',
  }),
};

/** Rules about more than one field. */
export function rules(config: ConfigOf<typeof ingestionFields>): string[] {
  return [
    ...tlsRules(config),
    ...protocolRules(config),
    ...providerRules(config, { readsCallbacks: true }),
    ...keyListProblems('WEBHOOK_SECRET_KEYS', config.webhookSecretKeys),
  ];
}

function protocolRules({ httpEnabled, grpcEnabled }: ConfigOf<typeof ingestionFields>): string[] {
  return httpEnabled || grpcEnabled ? [] : ['HTTP_ENABLED and GRPC_ENABLED must not both be false'];
}

function tlsRules({ tlsCert, tlsKey, tlsClientCa }: ConfigOf<typeof ingestionFields>): string[] {
  return [
    ...((tlsCert === '') === (tlsKey === '') ? [] : ['TLS_CERT and TLS_KEY need each other']),
    ...(tlsClientCa !== '' && tlsCert === '' ? ['TLS_CLIENT_CA needs TLS_CERT and TLS_KEY'] : []),
  ];
}
