import { expect, test } from 'vitest';
import { audit } from '../../support/arena/reading/audit.ts';
import { oneLaneStuck } from '../../support/arena/scenarios/stuck-lane.ts';
import { useArena } from '../../support/arena/use-arena.ts';

const used = useArena('stuck-lane');

test('one stalled lane of twelve is named by its finding and by lag, and continues by itself', async () => {
  const { arena, producer } = used();
  expect(await oneLaneStuck(used(), 30)).toEqual([]);
  const { findings, lost, unlike } = await audit(arena, producer.history);
  expect([findings, lost, unlike]).toEqual([[], 0, 0]);
}, 240_000);
