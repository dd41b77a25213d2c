import { consumerFields, int, kafkaFields, mysqlFields, registryFields } from '../shared/config/index.ts';

/** All settings of the projector. */
export const fields = {
  ...kafkaFields,
  ...consumerFields,
  ...registryFields,
  ...mysqlFields,
  sessionTimeoutMs: int('KAFKA_SESSION_TIMEOUT_MS', {
    default: 7_000,
    min: 1_500,
    max: 60_000,
    help: 'A projector that sends no heartbeat for this long loses its partitions, in milliseconds.',
  }),
};
