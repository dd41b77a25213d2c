import { expect, it } from 'vitest';
import { FINDINGS, topicCatalogue } from '../../../topics/index.ts';
import type { OutMessage } from '../../shared/kafka/index.ts';
import { createLogger } from '../../shared/log/index.ts';
import type { FindingChange } from './findings.ts';
import { createPublisher } from './publisher.ts';

const change: FindingChange = {
  status: 'OPEN',
  kind: 'STOCK_DIFFERS',
  subject: 'TEA-101',
  expected: '4',
  actual: '5',
  remedy: 'Look.',
  at: '2026-03-01T10:00:00.000Z',
};

it('a published finding has exactly the members that the documentation of the topic lists', async () => {
  const sent: OutMessage[] = [];
  const publish = createPublisher({
    accumulator: {
      send: (message) => {
        sent.push(message);
        return Promise.resolve({ partition: 0, offset: 0n });
      },
    },
    log: createLogger({ service: 'tests', level: 'error', instanceId: 'tests' }),
    metrics: { inc: () => undefined },
  });
  await publish([change]);
  const [message] = sent;
  const listed = topicCatalogue.find(({ name }) => name === FINDINGS);
  const members = Object.keys(JSON.parse(String(message?.value)) as object);
  expect(members.toSorted()).toEqual(listed?.jsonMembers?.map(({ name }) => name).toSorted());
  expect(Object.keys(message?.headers ?? {})).toEqual(listed?.headers.map(({ name }) => name));
});
