import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { OrderCommand } from '../../../schemas/generated/types.ts';
import { partitionOfOrder } from '../../../topics/partition.ts';
import { cancel } from '../../domain/testing/commands.ts';
import { bundledCodecs, CHECKSUM_HEADER, type Codecs, checksumOf } from '../../shared/codec/index.ts';
import { appError } from '../../shared/errors/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { openLane, partOf, recordAt, silent } from '../testing/fakes.ts';
import { decodeParts } from './decode.ts';
import { Quarantine } from './quarantine.ts';

/** The schema ids of the log, and the schema ids of the recreated registry. */
const before = bundledCodecs({ commandsId: 1, eventsId: 2 });
let codecs: Codecs;
let lane: Lane;

beforeEach(() => {
  codecs = bundledCodecs({ commandsId: 5, eventsId: 1 });
  lane = openLane(0, 0);
});

function orderOfLane(): string {
  for (;;) {
    const orderId = randomUUID();
    if (partitionOfOrder(orderId) === 0) return orderId;
  }
}

function commandRecord(write: Codecs, offset: number, change: Partial<InRecord> = {}): InRecord {
  const orderId = orderOfLane();
  const command = { ...cancel({ order: 0 }), orderId } as OrderCommand;
  const value = write.commands.encode(command);
  const headers = { [CHECKSUM_HEADER]: checksumOf(value) };
  return recordAt(offset, { key: Buffer.from(orderId), value, headers, ...change });
}

/** Decodes the records. Returns their kinds and the reason for which the lane waits. */
async function decoded(...records: InRecord[]): Promise<{ kinds: string[]; waitsFor: string | null }> {
  const parts = await decodeParts(
    { codec: codecs.commands, quarantine: new Quarantine(), opensSealed: false, log: silent },
    [partOf(lane, records)],
  );
  const kinds = (parts[0]?.sources ?? []).map(({ content }) =>
    content.kind === 'command' ? 'command' : (content.reason.code as string),
  );
  return { kinds, waitsFor: lane.snapshot().wait?.why ?? null };
}

describe('after the registry was rebuilt with other ids', () => {
  it('a command is read if its old id is now another subject or unknown', async () => {
    const unknown = bundledCodecs({ commandsId: 77, eventsId: 78 });
    expect(await decoded(commandRecord(before, 0), commandRecord(unknown, 1))).toEqual({
      kinds: ['command', 'command'],
      waitsFor: null,
    });
  });

  it('the lane waits before a record that is not a command, until a record is read by its id', async () => {
    const stray = recordAt(0, { value: Buffer.from([0, 0, 0, 0, 1, 1, 2, 3]) });
    const { kinds, waitsFor } = await decoded(stray, commandRecord(before, 1));
    expect(kinds).toEqual([]);
    expect(waitsFor).toContain('was the registry rebuilt?');
    expect(lane.snapshot().wait?.needsOperator).toBe(true);
  });

  it('such a record is a dead letter once a later or earlier record was read by its id', async () => {
    const stray = recordAt(0, { value: Buffer.from([0, 0, 0, 0, 1, 1, 2, 3]) });
    expect(await decoded(stray, commandRecord(codecs, 1))).toEqual({
      kinds: ['WRONG_SUBJECT', 'command'],
      waitsFor: null,
    });
    expect((await decoded(stray)).kinds).toEqual(['WRONG_SUBJECT']);
  });
});

describe('a record that decodes as a command by its content', () => {
  beforeEach(async () => {
    expect((await decoded(commandRecord(codecs, 0))).kinds).toEqual(['command']);
  });

  it.each<[string, Partial<InRecord>]>([
    ['under another key', { key: Buffer.from(randomUUID()) }],
    ['without a key', { key: null }],
  ])('is not a command %s', async (_how, change) => {
    expect((await decoded(commandRecord(before, 0, change))).kinds).toEqual(['WRONG_SUBJECT']);
  });

  it('is not a command if bytes are missing, with and without a checksum', async () => {
    const whole = commandRecord(before, 0);
    const value = whole.value!.subarray(0, -1);
    const cutShort = { ...whole, value, headers: {} };
    expect((await decoded(cutShort)).kinds).toEqual(['WRONG_SUBJECT']);
    const checked = { ...cutShort, headers: { [CHECKSUM_HEADER]: checksumOf(value) } };
    expect((await decoded(checked)).kinds).toEqual(['WRONG_SUBJECT']);
  });
});

it('a registry that is unavailable makes the lane wait without an operator', async () => {
  const { commands } = codecs;
  const resolveSchema = () => Promise.reject(appError('REGISTRY_UNAVAILABLE', { reason: 'away' }));
  codecs = { ...codecs, commands: { ...commands, resolveSchema } };
  const unknown = bundledCodecs({ commandsId: 77, eventsId: 78 });
  const { kinds, waitsFor } = await decoded(commandRecord(unknown, 0));
  expect([kinds, waitsFor, lane.snapshot().wait?.needsOperator]).toEqual([
    [],
    'schema 77 cannot be prepared: The schema registry cannot be queried: away',
    false,
  ]);
});
