import { createKafkaConfig, type KafkaSettings } from '../../services/shared/kafka/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import { testStack } from './stack.ts';

/** Only what is worse than a warning: tests make trouble on purpose. */
export const quietLog = createLogger({ service: 'tests', level: 'fatal', instanceId: 'tests' });

/** Clients of the test's brokers whose topics and groups begin with `prefix`. */
export function testSettings(prefix: string, clientId = 'tests'): KafkaSettings {
  return createKafkaConfig(
    { kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: prefix },
    clientId,
  );
}
