import { expect, test } from 'vitest';
import { createAdmin } from '../../../services/shared/kafka/index.ts';
import { startKafkaProxy } from '../../support/faults/kafka-proxy.ts';
import { testSettings } from '../../support/records/kafka.ts';
import { testStack, useTopicPrefix } from '../../support/servers/stack.ts';
import { until } from '../../support/until.ts';

const prefix = useTopicPrefix('admin');

test('an admin whose new connection never got its first answer finds its broker again', async () => {
  const [host, port] = testStack().kafkaBrokers.split(':') as [string, string];
  const proxy = await startKafkaProxy({ host, port: Number(port) });
  const admin = createAdmin({ ...testSettings(prefix), brokers: [`127.0.0.1:${proxy.port}`] });
  proxy.swallowAnswers('apiVersions', 1);
  await until(() => admin.ping(), { what: 'the admin reaching its broker', deadlineMs: 60_000 });
  expect(proxy.swallowed('apiVersions')).toBe(1);
  await admin.close();
  await proxy.close();
}, 90_000);
