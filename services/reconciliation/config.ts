import {
  type ConfigOf,
  durationMs,
  int,
  kafkaFields,
  mysqlFields,
  redisFields,
  registryFields,
} from '../shared/config/index.ts';

const DAY_MS = 24 * 3_600_000;

/** When an order counts as stuck; shared with the on-demand run. */
export const stuckFields = {
  pendingGraceMs: durationMs('STUCK_PENDING_GRACE', {
    default: 5 * 60_000,
    help: 'How long an unpaid order may stand behind its due time.',
  }),
  paidMaxMs: durationMs('STUCK_PAID', { default: 14 * DAY_MS, help: 'How long an order may be PAID.' }),
  shippedMaxMs: durationMs('STUCK_SHIPPED', {
    default: 30 * DAY_MS,
    help: 'How long an order may be SHIPPED.',
  }),
  deliveredMaxMs: durationMs('STUCK_DELIVERED', {
    default: 60 * DAY_MS,
    help: 'How long an order may be DELIVERED before it is closed.',
  }),
};

/** Every setting of the reconciliation service. */
export const fields = {
  ...kafkaFields,
  ...registryFields,
  ...mysqlFields,
  ...redisFields,
  ...stuckFields,
  roundEveryMs: durationMs('RECONCILE_EVERY', {
    default: 10_000,
    min: 50,
    max: 60_000,
    help: 'Rest between two rounds of a check; a difference is reported after two at the latest.',
  }),
  laneStallMs: durationMs('LANE_STALL', {
    default: 45_000,
    min: 100,
    help: 'How long a lane with commands may stand still.',
  }),
  rememberedOrdersMax: int('REMEMBERED_ORDERS', {
    default: 50_000,
    min: 100,
    max: 2_000_000,
    help: 'Newest orders and events that are compared again in each round; about 0.5 kB each.',
  }),
  restPercent: int('RECONCILE_REST_PERCENT', {
    default: 200,
    max: 2_000,
    help: 'Rest after each chunk of reading, in percent of the time that it took.',
  }),
};

export type ReconciliationConfig = ConfigOf<typeof fields>;
