import { expect, it, vi } from 'vitest';
import { PoisonError, UnknownSchemaError } from '../codec/index.ts';
import { appError } from '../errors/index.ts';
import type { InRecord } from '../kafka/index.ts';
import { createLogger } from '../log/index.ts';
import { createRecordDecoder } from './record-decoder.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 'test' });
const never = new AbortController().signal;
const ownId = 7;
/** A frame with a schema id, followed by a text. */
const framed = (schemaId: number, text: string): InRecord => {
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(schemaId, 1);
  return { value: Buffer.concat([frame, Buffer.from(text)]), partition: 3, offset: 9n } as InRecord;
};

/** A codec that reads its own id, and others once the registry knows them. */
function start(registry: () => 'known' | 'missing') {
  const known = new Set([ownId]);
  const parts = {
    resolveSchema: vi.fn(async (id: number) => {
      const answer = registry();
      if (answer === 'known') known.add(id);
      return answer;
    }),
    onWait: vi.fn(),
    onUndecodable: vi.fn(),
  };
  const decode = (bytes: Buffer | null): string => {
    const id = bytes!.readUInt32BE(1);
    if (id === 1) throw new PoisonError('WRONG_SUBJECT', id);
    if (!known.has(id)) throw new UnknownSchemaError(id);
    if (bytes!.length === 5) throw new PoisonError('TRUNCATED', id);
    return bytes!.toString('utf8', 5);
  };
  const decoder = createRecordDecoder({
    codec: { decode, resolveSchema: parts.resolveSchema, schemaId: ownId },
    isProven: (value) => value === 'ours',
    onUndecodable: parts.onUndecodable,
    onWait: parts.onWait,
    backoff: () => 1,
    log,
  });
  return { decode: async (...records: InRecord[]) => values(await decoder.decode(records, never)), ...parts };
}

const values = (decoded: readonly { value: string | null }[]) => decoded.map(({ value }) => value);

it('decodes in order, without requests while all schemas are known', async () => {
  const { decode, resolveSchema } = start(() => 'missing');
  expect(await decode(framed(ownId, 'a'), framed(ownId, 'b'))).toEqual(['a', 'b']);
  expect(resolveSchema).not.toHaveBeenCalled();
});

it('waits for an unreachable registry, and omits no record', async () => {
  let failures = 2;
  const { decode, onWait, onUndecodable } = start(() => {
    if (failures-- > 0) throw appError('REGISTRY_UNAVAILABLE', { reason: 'down' });
    return 'known';
  });
  expect(await decode(framed(8, 'a'), framed(ownId, 'b'))).toEqual(['a', 'b']);
  expect(onWait).toHaveBeenCalledTimes(2);
  expect(onUndecodable).not.toHaveBeenCalled();
});

it('stops waiting when the signal aborts', async () => {
  const abort = new AbortController();
  const decoder = createRecordDecoder({
    codec: {
      decode: () => {
        throw new UnknownSchemaError(8);
      },
      resolveSchema: async () => {
        abort.abort();
        throw appError('REGISTRY_UNAVAILABLE', { reason: 'down' });
      },
      schemaId: ownId,
    },
    isProven: () => false,
    onWait: () => undefined,
    backoff: () => 60_000,
    log,
  });
  await expect(decoder.decode([framed(8, 'a')], abort.signal)).rejects.toThrow();
});

it('rejects with a registry error that waiting does not fix', async () => {
  const { decode } = start(() => {
    throw appError('SCHEMA_MISMATCH', { subject: 's', reason: 'test' });
  });
  await expect(decode(framed(8, 'a'))).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
});

it.each([
  ['the registry has no such schema', 8],
  ['the schema is of another subject', 1],
])('accepts a value that matches its record even if %s', async (_why, id) => {
  const { decode, onUndecodable } = start(() => 'missing');
  expect(await decode(framed(id, 'ours'), framed(id, 'theirs'))).toEqual(['ours', null]);
  expect(onUndecodable).toHaveBeenCalledTimes(1);
});

it('reports bytes that do not fit their schema, without a request to the registry', async () => {
  const { decode, resolveSchema, onUndecodable } = start(() => 'missing');
  expect(await decode(framed(ownId, ''))).toEqual([null]);
  expect(onUndecodable.mock.calls[0]![1]).toMatchObject({ code: 'TRUNCATED' });
  expect(resolveSchema).not.toHaveBeenCalled();
});

it('rejects if onUndecodable throws, and keeps the record', async () => {
  const { decode, onUndecodable } = start(() => 'missing');
  onUndecodable.mockImplementation(() => {
    throw new Error('in doubt');
  });
  await expect(decode(framed(8, 'theirs'))).rejects.toThrow('in doubt');
});
