import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decide, noCouponLevels, noMoneyRows, noRules } from '../../domain/index.ts';
import { decodeMessages } from '../../orders-db/index.ts';
import { bundledCodecs, CHECKSUM_HEADER, checksumOf } from '../../shared/codec/index.ts';
import { close } from '../../shared/codec/testing/values.ts';
import { encodeHeaders, type InRecord } from '../../shared/kafka/index.ts';
import { openLane, partOf, recordAt, silent } from '../testing/fakes.ts';
import { decodeParts } from './decode.ts';
import { encodeOutcomes } from './outcomes.ts';
import { Quarantine } from './quarantine.ts';

const codecs = bundledCodecs({ commandsId: 1, eventsId: 2 });
const nowMs = 1_700_000_000_000;
const orderId = '00000000-0000-8000-8000-000000000000';
const none = new Map();

/** Decodes, decides and encodes unreadable records, as the only batch of a lane. */
async function outcomesOf(...changes: Partial<InRecord>[]) {
  const records = changes.map((change, offset) =>
    recordAt(offset, { value: Buffer.from('poison'), ...change }),
  );
  const part = { ...partOf(openLane(0, 0), records), epoch: 4 };
  const parts = await decodeParts(
    { codec: codecs.commands, quarantine: new Quarantine(), opensSealed: false, log: silent },
    [part],
  );
  const snapshot = {
    products: none,
    priceVersion: 1,
    rules: noRules,
    couponLevels: noCouponLevels,
    unpaidLevels: new Map(),
    stockLevels: none,
    stocked: new Set<string>(),
    orders: none,
    commands: none,
    money: noMoneyRows,
  };
  const decision = decide(snapshot, parts[0]!.sources, { nowMs, paymentWindowMs: 1, returnWindowMs: 1 });
  const [outcomes] = encodeOutcomes(codecs.events, parts, decision, nowMs);
  return { ...outcomes!, messages: decodeMessages(outcomes!.blob) };
}

describe('a dead letter', () => {
  it('is published unchanged before the events, and stored in the outbox in the same form', async () => {
    const key = Buffer.from(orderId);
    const { messages, ...outcomes } = await outcomesOf({
      key,
      headers: { from: 'afar', bytes: Buffer.from([0xff]) },
    });
    const [letter, event] = messages;
    expect(letter).toMatchObject({
      topic: 'orders.commands.v1.dlq',
      partition: 0,
      key,
      value: Buffer.from('poison'),
      headers: encodeHeaders({
        from: 'afar',
        bytes: Buffer.from([0xff]),
        dlq_topic: 'orders.commands.v1',
        dlq_partition: '0',
        dlq_offset: '0',
        dlq_timestamp: '1000',
        dlq_schema_id: '',
        dlq_reason: 'BAD_MAGIC',
        dlq_message: 'The value does not begin with the schema frame.',
        dlq_attempts: '1',
        dlq_first_failed_at: String(nowMs),
      }),
    });
    expect(codecs.events.decode(event!.value)).toMatchObject({
      outcome: 'DEAD_LETTERED',
      orderId,
      eventId: '0-0',
    });
    expect(outcomes).toMatchObject({ lane: { partition: 0 }, from: 0, to: 1, epoch: 4 });
  });

  it('has its hash, and separate times of the source and of the failure', async () => {
    const { deadLetters, messages } = await outcomesOf({ timestampMs: 5 });
    expect(deadLetters[0]).toMatchObject({
      valueSha256: createHash('sha256').update('poison').digest(),
      valueBytes: 6,
      sourceAtMs: 5,
      firstFailedAtMs: nowMs,
    });
    expect(messages[0]!.timestampMs).toBe(nowMs);
  });

  it('continues the attempt count of a redriven record', async () => {
    const headers = {
      dlq_attempts: '3',
      dlq_first_failed_at: Buffer.from('77'),
      dlq_invented: 'x',
      redrive_of: '0-1',
    };
    const { deadLetters, messages } = await outcomesOf({ headers });
    expect(deadLetters[0]).toMatchObject({ attempts: 4, firstFailedAtMs: 77 });
    const [letter] = messages;
    expect(letter!.headers.encodedHeaders.toString('latin1')).toContain('redrive_of');
    expect(letter!.headers.encodedHeaders.toString('latin1')).not.toContain('dlq_invented');
  });

  it.each(['', 'many', '-1', '1e300', '3000000000', '9007199254740991'])(
    'ignores dlq_attempts: %s, which no column can hold',
    async (value) => {
      const headers = { dlq_attempts: value, dlq_first_failed_at: String(nowMs + 1) };
      const { deadLetters } = await outcomesOf({ headers });
      expect(deadLetters[0]).toMatchObject({ attempts: 1, firstFailedAtMs: nowMs });
    },
  );

  it('keeps a header whose name is special in JavaScript', async () => {
    const headers: InRecord['headers'] = Object.create(null);
    Object.assign(headers, JSON.parse('{"__proto__":"kept"}'));
    const { messages } = await outcomesOf({ headers });
    expect(messages[0]!.headers.encodedHeaders.toString('latin1')).toContain('kept');
  });

  it('keeps 1,000 headers and the headers that a redrive needs, and reports the number of omitted headers', async () => {
    const many = Object.fromEntries(Array.from({ length: 1_003 }, (_, n) => [`h${n}`, 'v']));
    const headers = { ...many, [CHECKSUM_HEADER]: checksumOf(Buffer.from('poison')), redrive_of: '0-1' };
    const { messages } = await outcomesOf({ headers });
    const text = messages[0]!.headers.encodedHeaders.toString('latin1');
    expect(text).toContain('h999');
    expect(text).not.toContain('h1000');
    for (const kept of ['os-crc32', 'redrive_of', `dlq_headers_omitted${String.fromCharCode(2)}5`])
      expect(text).toContain(kept);
  });

  it('keeps a key of any length, but its event omits a long one', async () => {
    const long = Buffer.alloc(1_025, 'k');
    const { messages } = await outcomesOf({ key: long }, { key: Buffer.from('short') }, { key: null });
    expect(messages.map(({ key }) => key?.length ?? null)).toEqual([1_025, 5, null, null, 5, null]);
  });
});

describe('the traceparent header of an outcome', () => {
  const traced = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const headersOf = async (traceparent: string | null, headers: InRecord['headers']) => {
    const value = codecs.commands.encode({ ...close, orderId, traceparent });
    const checksum = { [CHECKSUM_HEADER]: checksumOf(value) };
    const { messages } = await outcomesOf({
      key: Buffer.from(orderId),
      value,
      headers: { ...checksum, ...headers },
    });
    expect(messages).toHaveLength(1);
    return messages[0]!.headers.encodedHeaders.toString('latin1');
  };

  it('is the one of the command', async () => {
    expect(await headersOf(traced, { traceparent: Buffer.from(traced) })).toContain(
      `traceparent\x6e${traced}`,
    );
  });

  it.each([
    ['that has none', null, {}],
    ['whose sender has no traces', traced, {}],
    ['that is not recorded', traced.replace(/01$/, '00'), { traceparent: traced.replace(/01$/, '00') }],
    ['with another one than its header', traced, { traceparent: traced.replaceAll('4', '5') }],
    ['with a malformed one', 'nonsense', { traceparent: 'nonsense' }],
  ])('is absent for a command %s', async (_what, traceparent, headers) => {
    expect(await headersOf(traceparent, headers)).not.toContain('traceparent');
  });
});
