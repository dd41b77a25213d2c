import { expect, it } from 'vitest';
import { noMetrics } from '../../shared/metrics/index.ts';
import type { Settlement } from './delivery-queue.ts';
import type { SenderDeps } from './sender-types.ts';
import { createSweep } from './sweep.ts';

let nowMs = 1_000;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };

function open(ids: readonly string[]) {
  const shelved: string[] = [];
  const asked: string[] = [];
  const queue = {
    async dueReceivers(_nowMs: number, after: string) {
      asked.push(after);
      const [first, second] = ids.filter((id) => id > after);
      const due = first === undefined ? [] : [{ endpointId: first, oldestDueAtMs: 1 }];
      return { due, next: second === undefined ? null : first! };
    },
    receivers: async (after: string) => ids.filter((id) => id > after),
    shelve: async (id: string) => void shelved.push(id),
  } as unknown as SenderDeps['queue'];
  const sweep = createSweep({
    queue,
    channelOf: async (id) => (id.startsWith('gone') ? 'gone' : 'disabled'),
    hosts: { openBreakers: () => 0 } as SenderDeps['hosts'],
    clock,
    metrics: noMetrics,
  });
  return { sweep, shelved, asked };
}

it('goes through the endpoints page by page, and starts again after the last', async () => {
  const { sweep, asked } = open(['a', 'b', 'c']);
  const wanted = new Set<string>();
  for (let i = 0; i < 4; i++) await sweep.run(wanted);
  expect(asked).toEqual(['', 'a', 'b', '']);
  expect([...wanted]).toEqual(['a', 'b', 'c']);
});

it('remembers when to retry a receiver, wherever its page is', async () => {
  const { sweep } = open([]);
  const again = (endpointId: string, dueAtMs: number): Settlement =>
    ({ leased: { endpointId }, verdict: { status: 'PENDING', dueAtMs } }) as Settlement;
  sweep.remember([again('z', nowMs + 5_000), again('z', nowMs + 100), again('y', nowMs + 9_000)]);
  const wanted = new Set<string>();
  await sweep.run(wanted);
  expect([...wanted]).toEqual([]);
  nowMs += 100;
  await sweep.run(wanted);
  expect([...wanted]).toEqual(['z']);
});

it('drops due rows of a deleted endpoint', async () => {
  const { sweep, shelved } = open(['gone-1', 'here']);
  await sweep.run(new Set());
  expect(shelved).toEqual(['gone-1']);
});
