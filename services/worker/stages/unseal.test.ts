import { expect, test } from 'vitest';
import type { OrderCommand } from '../../../schemas/index.ts';
import { bundledCodecs } from '../../shared/codec/index.ts';
import { place } from '../../shared/codec/testing/values.ts';
import { createKeyWrapper, sealCommand } from '../../shared/personal-data/index.ts';
import { makeKey } from '../../shared/secrets/index.ts';
import { newLane, partOf, recordAt, silent } from '../testing/fakes.ts';
import { decodeParts } from './decode.ts';
import { Quarantine } from './quarantine.ts';
import { sealedKeyIds, unsealParts } from './unseal.ts';

const { commands: codec } = bundledCodecs({ commandsId: 1, eventsId: 2 });
const wrapper = createKeyWrapper([makeKey('k')]);
const [own, other] = [wrapper.create('customer-1'), wrapper.create('customer-2')];

/** An order with so many entries of metadata. */
function placed(entries: number): OrderCommand {
  const metadata = Array.from({ length: entries }, (_, n) => ({ key: `k${n}`, value: 'v' }));
  return {
    ...place,
    orderId: '00000000-0000-8000-8000-000000000000',
    customerId: 'customer-1',
    idempotencyKey: 'key-1',
    fingerprint: Buffer.alloc(32),
    payload: { ...place.payload, contactEmail: 'ada@example.org', metadata },
  };
}

async function decoded(...commands: readonly OrderCommand[]) {
  const { lane } = newLane();
  lane.claimed({ epoch: 1, nextOffset: 0, publishedOffset: 0 }, null);
  const records = commands.map((command, offset) => recordAt(offset, { value: codec.encode(command) }));
  const quarantine = new Quarantine();
  return decodeParts({ codec, quarantine, opensSealed: true, log: silent }, [partOf(lane, records)]);
}

const commandsOf = (parts: Awaited<ReturnType<typeof decoded>>) =>
  parts.flatMap(({ sources }) => sources.map(({ content }) => content.kind === 'command' && content.command));

test('commands are opened with the keys that are left, and those with an erased key stay sealed', async () => {
  const plain = placed(1);
  const [sealed, erased] = [own, other].map((row) => sealCommand(plain, wrapper.read(row)));
  const parts = await decoded(plain, sealed!, erased!);
  expect(sealedKeyIds(parts)).toEqual(new Set([own.key_id, other.key_id]));
  const opened = unsealParts(parts, new Map([[own.key_id, own]]), wrapper);
  expect(commandsOf([...opened])).toEqual(commandsOf(await decoded(plain, plain, erased!)));
});

test('fields that their key does not open, or that break a rule of commands, are invalid', async () => {
  const rows = new Map([[own.key_id, own]]);
  const invalid = expect.objectContaining({ code: 'SEALED_FIELDS_INVALID' });
  const sealed = sealCommand(placed(1), wrapper.read(own));
  const moved = { ...sealed, sealed: sealCommand(placed(1), wrapper.read(other)).sealed! };
  const stolen = { ...moved, sealed: { ...moved.sealed, keyId: own.key_id } };
  for (const command of [stolen, sealCommand(placed(21), wrapper.read(own))]) {
    const parts = await decoded(command);
    expect(() => unsealParts(parts, rows, wrapper)).toThrow(invalid);
  }
});

test('a row that this worker cannot read makes the batch wait', async () => {
  const parts = await decoded(sealCommand(placed(1), wrapper.read(own)));
  const stranger = createKeyWrapper([makeKey('other')]);
  const unreadable = expect.objectContaining({ code: 'CUSTOMER_KEY_UNREADABLE', disposition: 'retry' });
  expect(() => unsealParts(parts, new Map([[own.key_id, own]]), stranger)).toThrow(unreadable);
});
