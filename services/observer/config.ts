import { durationMs, kafkaFields, mysqlFields } from '../shared/config/index.ts';

/** All settings of the observer. */
export const fields = {
  ...kafkaFields,
  ...mysqlFields,
  everyMs: durationMs('OBSERVE_EVERY', {
    default: 2_000,
    min: 100,
    max: 15_000,
    help: 'Time between two readings of lanes and groups.',
  }),
};
