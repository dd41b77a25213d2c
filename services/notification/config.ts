import {
  type ConfigOf,
  consumerFields,
  durationMs,
  flag,
  int,
  kafkaFields,
  list,
  live,
  mysqlFields,
  registryFields,
  secretList,
  str,
  url,
  webhookFields,
} from '../shared/config/index.ts';
import { keyListProblems } from '../shared/secrets/index.ts';
import { usualRetryDelays } from './delivery/attempt.ts';

/** All settings of the notification service. */
export const fields = {
  webhooksOn: flag('webhooks'),
  mailOn: flag('mail'),
  ...kafkaFields,
  ...consumerFields,
  ...registryFields,
  ...mysqlFields,
  ...webhookFields,
  endpointsRefreshMs: durationMs('ENDPOINTS_REFRESH', {
    default: 1_000,
    min: 50,
    help: 'How often the service reads the webhook endpoints again. A new endpoint gets only later events.',
  }),
  webhookSecretKeys: live(
    secretList('WEBHOOK_SECRET_KEYS', {
      default: [],
      help: 'Keys of the webhook secrets in the database, the same as in ingestion. Without keys, only unencrypted secrets work.',
    }),
  ),
  webhookTimeoutMs: durationMs('WEBHOOK_TIMEOUT', {
    default: 15_000,
    min: 100,
    max: 60_000,
    help: 'Maximum time from connecting to the status line of the response.',
  }),
  webhookRetryDelays: list('WEBHOOK_RETRY_DELAYS', {
    default: usualRetryDelays,
    itemPattern: /^\d{1,9}(ms|s|m|h)$/,
    itemsMax: 20,
    help: 'Delay before each attempt, counted from the previous attempt. If the last attempt fails, the endpoint is disabled.',
  }),
  keepMs: durationMs('DELIVERIES_KEEP', {
    default: 30 * 86_400_000,
    min: 1_000,
    help: 'How long a delivery is kept after its event was recorded, unless it is still pending.',
  }),
  hostConcurrencyMax: live(
    int('HOST_CONCURRENCY', {
      default: 10,
      min: 1,
      max: 200,
      help: 'Maximum number of concurrent requests of one customer to one host.',
    }),
  ),
  inFlightMax: live(
    int('DELIVERIES_IN_FLIGHT', {
      default: 1_000,
      min: 1,
      max: 10_000,
      help: 'Maximum number of deliveries in flight in this process, including those that wait. One customer gets at most a quarter.',
    }),
  ),
  hostFailuresInRow: int('HOST_FAILURES', {
    default: 5,
    min: 1,
    max: 100,
    help: 'Failures in a row after which posts of the same customer to a host pause for HOST_REST.',
  }),
  hostRestMs: durationMs('HOST_REST', {
    default: 30_000,
    min: 100,
    help: 'How long posts to a host pause while its circuit breaker is open.',
  }),
  smtpUrl: url('SMTP_URL', {
    protocols: ['smtp', 'smtps'],
    default: '',
    help: 'Mail server: smtp://user:password@host:port, or smtps://. With a password, smtp:// must offer STARTTLS. If empty, no e-mail is sent.',
  }),
  smtpFrom: str('SMTP_FROM', {
    default: '',
    pattern: /^[^@\r\n]{1,200}@[^@\r\n]{1,200}$/,
    help: 'Sender of e-mails; required with SMTP_URL.',
  }),
  mailsPerAddress: live(
    int('MAILS_PER_ADDRESS', {
      default: 20,
      min: 1,
      max: 100_000,
      help: 'Maximum number of e-mails of one customer to one address in a day. All customers together get three times as many. Each instance counts separately. E-mails over the limit are sent up to a day later, or never.',
    }),
  ),
  mailsPerCustomer: live(
    int('MAILS_PER_CUSTOMER', {
      default: 600,
      min: 1,
      max: 1_000_000,
      help: 'Maximum number of e-mails of one customer in a minute. Each instance counts separately. E-mails over the limit are sent later.',
    }),
  ),
};

export type NotificationConfig = ConfigOf<typeof fields>;

/** Rules about more than one field. */
export function rules(config: NotificationConfig): string[] {
  const problems = keyListProblems('WEBHOOK_SECRET_KEYS', config.webhookSecretKeys);
  if (config.smtpUrl !== '' && config.smtpFrom === '') problems.push('SMTP_FROM is needed with SMTP_URL');
  if (config.inFlightMax < config.hostConcurrencyMax) {
    problems.push('DELIVERIES_IN_FLIGHT is below HOST_CONCURRENCY');
  }
  const triesMs = retryDelaysMs(config.webhookRetryDelays).reduce((sum, delayMs) => sum + delayMs, 0);
  if (config.keepMs <= triesMs)
    problems.push('DELIVERIES_KEEP is not longer than the sum of WEBHOOK_RETRY_DELAYS');
  return problems;
}

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `['0s', '5s']` as milliseconds. */
export function retryDelaysMs(delays: readonly string[]): number[] {
  return delays.map((delay) => {
    const [, digits = '', unit = 'ms'] = /^(\d+)(ms|s|m|h)$/.exec(delay) ?? [];
    return Number(digits) * unitMs[unit as keyof typeof unitMs];
  });
}
