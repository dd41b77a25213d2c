import {
  type Accumulator,
  createAccumulator,
  createAdmin,
  createKafkaConfig,
  type KafkaAdmin,
  type KafkaSettings,
} from '../../../services/shared/kafka/index.ts';
import { createLogger } from '../../../services/shared/log/index.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { testStack } from '../servers/stack.ts';
import { keepLine } from './kept-logs.ts';

/**
 * Prints nothing, because tests cause errors on purpose. Every line is kept and searched for forbidden
 * contents.
 */
export const quietLog = createLogger({
  service: 'tests',
  level: 'debug',
  instanceId: 'tests',
  destination: { write: keepLine },
});

/** Clients of the test's brokers whose topics and groups have `prefix`. */
export function testSettings(prefix: string, clientId = 'tests'): KafkaSettings {
  return createKafkaConfig(
    { kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: prefix },
    clientId,
  );
}

export interface KafkaClients {
  readonly admin: KafkaAdmin;
  readonly accumulator: Accumulator;
  close(): Promise<void>;
}

/** An admin and an accumulator of the test's brokers. */
export async function openKafkaClients(prefix: string): Promise<KafkaClients> {
  const settings = testSettings(prefix);
  const admin = createAdmin(settings);
  const accumulator = await createAccumulator({ settings, log: quietLog, metrics: noMetrics });
  return {
    admin,
    accumulator,
    async close() {
      await accumulator.close(2_000);
      await admin.close();
    },
  };
}
