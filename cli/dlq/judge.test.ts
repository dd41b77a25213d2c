import { describe, expect, it } from 'vitest';
import type { OrderCommand } from '../../schemas/index.ts';
import { bundledCodecs, CHECKSUM_HEADER } from '../../services/shared/codec/index.ts';
import { dispute } from '../../services/shared/codec/testing/values.ts';
import { partitionOfOrder, partitionOfSku } from '../../topics/partition.ts';
import { decoderOf } from '../kafka/decoder.ts';
import { deadLetterAt, recordOf } from './fixtures.ts';
import { judge } from './judge.ts';

const codecs = bundledCodecs({ commandsId: 1, eventsId: 2 });
const decoder = decoderOf(codecs);
const orderId = '12345678-0000-8000-8000-000000000000';
const cancel: OrderCommand = {
  commandId: 'cancel:1',
  type: 'CANCEL',
  orderId,
  customerId: 'customer-1',
  actor: 'customer',
  idempotencyKey: null,
  fingerprint: null,
  issuedAt: 0,
  traceparent: null,
  sealed: null,
  payload: { reason: null, expectedVersion: null, lines: [] },
};
const adjust: OrderCommand = {
  ...cancel,
  commandId: 'stock:SKU-1:1',
  type: 'ADJUST_STOCK',
  orderId: null,
  payload: { sku: 'SKU-1', delta: 1, reason: null, countedTo: null },
};

function judgeBytes(value: Buffer | null, { reason = 'BAD_MAGIC', headers = {}, key = 'some-key' } = {}) {
  const deadLetter = deadLetterAt(5, 1, { reason });
  return judge(
    deadLetter,
    recordOf(deadLetter, { value, headers, key: key === '' ? null : Buffer.from(key) }),
    decoder,
  );
}

describe('judge', () => {
  it('passes a command that can be decided now, to the partition of its key', async () => {
    expect(await judgeBytes(codecs.commands.encode(cancel))).toEqual({
      verdict: 'pass',
      code: '',
      why: '',
      partition: partitionOfOrder(orderId),
      key: orderId,
    });
  });

  it.each([
    ['bytes without a frame', Buffer.from('hello'), {}, 'BAD_MAGIC'],
    ['no bytes', null, {}, 'EMPTY'],
    ['a record of another subject', Buffer.from([0, 0, 0, 0, 2, 0]), {}, 'WRONG_SUBJECT'],
    ['a wrong checksum', codecs.commands.encode(cancel), { [CHECKSUM_HEADER]: '00000000' }, 'BAD_CHECKSUM'],
    ['a command that breaks a rule', codecs.commands.encode({ ...cancel, actor: '' }), {}, 'INVALID_COMMAND'],
  ])('fails %s, and keeps its partition and key', async (_name, value, headers, code) => {
    expect(await judgeBytes(value, { headers })).toMatchObject({
      verdict: 'fail',
      code,
      partition: 5,
      key: 'some-key',
    });
  });

  it('treats a whole partition as one key if a record has none', async () => {
    expect(await judgeBytes(Buffer.from('hello'), { key: '' })).toMatchObject({ key: 'partition 5' });
  });

  it('holds back a command that would stop its lane', async () => {
    expect(
      await judgeBytes(codecs.commands.encode({ ...cancel, type: 'RECORD_DISPUTE', payload: dispute })),
    ).toMatchObject({
      verdict: 'fail',
      code: 'NOT_DECIDED',
      partition: partitionOfOrder(orderId),
      key: orderId,
    });
  });

  it('passes a stock adjustment, to the partition of its SKU', async () => {
    expect(await judgeBytes(codecs.commands.encode(adjust))).toMatchObject({
      verdict: 'pass',
      partition: partitionOfSku('SKU-1'),
      key: 'sku SKU-1',
    });
  });

  it.each(['QUARANTINED', 'DATA_REFUSED'])(
    'cannot predict the result of a record that was %s',
    async (reason) => {
      expect(await judgeBytes(codecs.commands.encode(cancel), { reason })).toMatchObject({
        verdict: 'unsure',
        code: reason,
      });
    },
  );

  it('reports missing bytes', async () => {
    expect(await judge(deadLetterAt(5, 1, { orderId }), undefined, decoder)).toMatchObject({
      verdict: 'gone',
      key: orderId,
    });
  });
});
