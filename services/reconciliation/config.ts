import {
  consumerFields,
  durationMs,
  int,
  kafkaFields,
  live,
  mysqlFields,
  redisFields,
  registryFields,
} from '../shared/config/index.ts';
import { stuckFields } from './matching/stuck-fields.ts';

/** All settings of the reconciliation service. */
export const fields = {
  ...kafkaFields,
  ...consumerFields,
  ...registryFields,
  ...mysqlFields,
  ...redisFields,
  ...stuckFields,
  roundEveryMs: live(
    durationMs('RECONCILE_EVERY', {
      default: 10_000,
      min: 50,
      max: 60_000,
      help: 'Pause between two rounds of a check. A difference is reported after two rounds at the latest.',
    }),
  ),
  laneStallMs: durationMs('LANE_STALL', {
    default: 45_000,
    min: 100,
    help: 'How long a lane with commands may make no progress.',
  }),
  rememberedOrdersMax: int('REMEMBERED_ORDERS', {
    default: 50_000,
    min: 100,
    max: 2_000_000,
    help: 'Number of newest orders and events that are compared again in each round. Each needs about 0.5 kB.',
  }),
  findingsPerKindMax: int('FINDINGS_PER_KIND', {
    default: 5_000,
    min: 10,
    max: 50_000,
    help: 'Maximum number of open findings per kind in the table. Further differences are counted in FINDINGS_UNLISTED.',
  }),
  restPercent: live(
    int('RECONCILE_REST_PERCENT', {
      default: 200,
      max: 2_000,
      help: 'Pause after each chunk of reading, in percent of the time that the chunk took.',
    }),
  ),
};
