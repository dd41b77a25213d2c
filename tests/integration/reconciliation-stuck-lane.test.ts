import { expect, test } from 'vitest';
import { audit } from '../support/arena/audit.ts';
import { oneLaneStuck } from '../support/arena/scenarios/stuck-lane.ts';
import { useArena } from '../support/arena/use-arena.ts';

const used = useArena('stuck-lane');

test('one lane of twelve that stands still is named by its finding and by lag, and goes on by itself', async () => {
  const { arena, producer } = used();
  expect(await oneLaneStuck(used(), 30)).toEqual([]);
  const { findings, lost, unlike } = await audit(arena, producer.history);
  expect([findings, lost, unlike]).toEqual([[], 0, 0]);
}, 240_000);
