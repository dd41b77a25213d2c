import { expect, test } from 'vitest';
import type { OrderCommand } from '../../../schemas/index.ts';
import { bundledCodecs } from '../../shared/codec/index.ts';
import { close, dispute, place } from '../../shared/codec/testing/values.ts';
import { newLane, partOf, recordAt, silent } from '../testing/fakes.ts';
import { decodeParts } from './decode.ts';
import { Quarantine } from './quarantine.ts';

const { commands: codec } = bundledCodecs({ commandsId: 1, eventsId: 2 });
const orderId = '00000000-0000-8000-8000-000000000000';
const placed: OrderCommand = {
  ...place,
  orderId,
  customerId: 'customer-1',
  idempotencyKey: 'key-1',
  fingerprint: Buffer.alloc(32),
};

const sealed: OrderCommand = { ...placed, sealed: { keyId: 'customer-1', ciphertext: Buffer.from('x') } };

async function decoded(commands: readonly OrderCommand[], opensSealed = false) {
  const { lane } = newLane();
  lane.claimed({ epoch: 1, nextOffset: 0, publishedOffset: 0 }, null);
  const records = commands.map((command, offset) => recordAt(offset, { value: codec.encode(command) }));
  const parts = await decodeParts({ codec, quarantine: new Quarantine(), opensSealed, log: silent }, [
    partOf(lane, records),
  ]);
  return { parts, blocked: lane.isBlocked };
}

test.each<[string, OrderCommand]>([
  [
    'of a type that this version does not decide',
    { ...close, orderId, type: 'RECORD_DISPUTE', payload: dispute },
  ],
  ['whose personal fields are sealed, if the worker has no keys', sealed],
])('a lane waits at a command %s', async (_what, undecided) => {
  const behind = await decoded([placed, undecided, placed]);
  expect(behind.parts.map(({ sources, to }) => [sources.length, to])).toEqual([[1, 1]]);
  expect(behind.blocked).toBe(false);
  expect(await decoded([undecided, placed])).toEqual({ parts: [], blocked: true });
});

test('a worker with keys takes commands with sealed fields', async () => {
  const { parts } = await decoded([placed, sealed], true);
  expect(parts.map(({ sources }) => sources.length)).toEqual([2]);
});
