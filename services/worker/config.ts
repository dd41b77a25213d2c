/** The settings of a worker, from its environment. */
import { batchCommandsMax } from '../../topics/index.ts';
import {
  consumerFields,
  durationMs,
  int,
  kafkaFields,
  live,
  mysqlFields,
  personalDataFields,
  redisFields,
  registryFields,
  str,
} from '../shared/config/index.ts';

export const workerFields = {
  ...kafkaFields,
  ...consumerFields,
  ...registryFields,
  ...mysqlFields,
  ...personalDataFields,
  ...redisFields,
  writers: int('WRITERS', {
    default: 3,
    min: 1,
    max: 12,
    help: 'Maximum number of parallel transactions, each on its own connection. With little load there is one.',
  }),
  batchOrdersMax: live(
    int('BATCH_ORDERS_MAX', {
      default: 500,
      min: 1,
      max: batchCommandsMax,
      help: 'Maximum number of commands in one transaction; the load decides the actual number.',
    }),
  ),
  paymentWindowMs: int('PAYMENT_WINDOW_MS', {
    default: 30 * 60_000,
    min: 1_000,
    max: 30 * 24 * 3_600_000,
    help: 'How long an accepted order reserves its stock while it waits for payment, in milliseconds. The switch `paymentWindow` of `orderstream rules set` overrides it.',
  }),
  returnWindowMs: durationMs('RETURN_WINDOW', {
    default: 30 * 24 * 3_600_000,
    min: 1_000,
    max: 365 * 24 * 3_600_000,
    help: 'How long an order can be returned after its delivery. Then it is closed. All workers need the same value.',
  }),
  outcomesKeptMs: int('OUTCOMES_KEPT_MS', {
    default: 3_600_000,
    min: 0,
    max: 7 * 24 * 3_600_000,
    help: 'How long acknowledged outcomes stay in the database, in milliseconds. If the end of their topic is lost, they can be published again. 0 keeps none.',
  }),
  sessionTimeoutMs: int('KAFKA_SESSION_TIMEOUT_MS', {
    default: 7_000,
    min: 1_500,
    max: 60_000,
    help: 'A worker that sends no heartbeat for this long loses its lanes, in milliseconds.',
  }),
  failpoints: str('FAILPOINTS', {
    default: '',
    help: 'Failpoints for tests, name=action[:ms][@n][~word]. Production refuses them.',
  }),
  nodeEnv: str('NODE_ENV', { default: 'development', help: '`production` forbids failpoints.' }),
};
