import { int, kafkaFields, live, mysqlFields, registryFields } from '../shared/config/index.ts';

/** All settings of the scheduler. */
export const fields = {
  ...kafkaFields,
  ...registryFields,
  ...mysqlFields,
  ratePerSecond: live(
    int('EXPIRE_RATE_MAX', {
      default: 3_000,
      min: 1,
      max: 100_000,
      help: 'Maximum number of commands per second that all schedulers together send. Each one has the part of its partitions.',
    }),
  ),
};
