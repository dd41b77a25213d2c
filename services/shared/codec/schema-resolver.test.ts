import { describe, expect, it } from 'vitest';
import { COMMANDS_SUBJECT, newestSchema } from '../../../schemas/index.ts';
import { appError } from '../errors/index.ts';
import { createReaders } from './codec.ts';
import type { Registry } from './registry/client.ts';
import { createSchemaResolver } from './schema-resolver.ts';

const v1 = { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] };
const v2 = { ...v1, fields: [...v1.fields, { name: 'b', type: 'string' }] };
const unreadable = { type: 'record', name: 'R', fields: [{ name: 'other', type: 'int' }] };

/** A registry of one subject in memory; `asked` counts requests by id. */
function setUp() {
  const schemas = new Map<number, object>([[1, v1]]);
  const versions = [1];
  const asked: number[] = [];
  const state = { away: false, nowMs: 0, warnings: 0 };
  const registry = {
    versionsOf: async () => versions.map((_id, at) => at + 1),
    idOfVersion: async (_subject: string, version: number) => versions[version - 1] ?? 0,
    schemaOf: async (id: number) => {
      asked.push(id);
      if (state.away) throw appError('REGISTRY_UNAVAILABLE', { reason: 'away' });
      return schemas.get(id) ?? null;
    },
  } as Partial<Registry> as Registry;
  const readers = createReaders(v1, 1);
  const log = { warn: () => void state.warnings++ };
  const resolver = createSchemaResolver({
    registry,
    subject: 'r-value',
    readers,
    log: log as never,
    nowMs: () => state.nowMs,
    random: () => 0,
  });
  const release = (id: number, schema: object) => {
    schemas.set(id, schema);
    versions.push(id);
  };
  return { schemas, asked, state, readers, resolver, release };
}

describe('resolveSchema', () => {
  it('sends no request for prepared ids', async () => {
    const { asked, resolver } = setUp();
    expect(await resolver.resolveSchema(1)).toBe('known');
    expect(asked).toEqual([]);
  });

  it('prepares a version that was released after the start', async () => {
    const { readers, resolver, release } = setUp();
    release(9, v2);
    expect(await resolver.resolveSchema(9)).toBe('known');
    expect(readers.byId.has(9)).toBe(true);
  });

  it('remembers a missing id for at least five seconds, then sends a new request', async () => {
    const { asked, state, resolver, release } = setUp();
    expect(await resolver.resolveSchema(9)).toBe('missing');
    release(9, v2);
    state.nowMs = 4_999;
    expect(await resolver.resolveSchema(9)).toBe('missing');
    expect(asked).toEqual([9]);
    state.nowMs = 5_000;
    expect(await resolver.resolveSchema(9)).toBe('known');
  });

  it('sends one request for concurrent lookups of an id', async () => {
    const { asked, resolver } = setUp();
    const answers = await Promise.all(Array.from({ length: 50 }, () => resolver.resolveSchema(9)));
    expect(new Set(answers)).toEqual(new Set(['missing']));
    expect(asked).toEqual([9]);
  });

  it('reports no missing schema while the registry is unreachable', async () => {
    const { state, resolver, release } = setUp();
    state.away = true;
    await expect(resolver.resolveSchema(9)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
    release(9, v2);
    state.away = false;
    expect(await resolver.resolveSchema(9)).toBe('known');
  });

  it('treats ids of other subjects as foreign', async () => {
    const { schemas, readers, resolver } = setUp();
    schemas.set(7, v2);
    expect(await resolver.resolveSchema(7)).toBe('known');
    expect(readers.byId.has(7)).toBe(false);
    expect(readers.foreignIds.has(7)).toBe(true);
  });

  it('names a version that this build cannot read, at each lookup', async () => {
    const { state, resolver, release } = setUp();
    release(9, unreadable);
    await resolver.prepareVersions();
    expect(state.warnings).toBe(1);
    for (let at = 0; at < 2; at++) {
      await expect(resolver.resolveSchema(9)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
    }
  });

  it('drops the oldest missing ids above its limit', async () => {
    const { asked, resolver } = setUp();
    for (let id = 100; id <= 1_100; id++) await resolver.resolveSchema(id);
    asked.length = 0;
    await resolver.resolveSchema(1_100);
    expect(asked).toEqual([]);
    await resolver.resolveSchema(100);
    expect(asked).toEqual([100]);
  });
});

describe('an id outside of the subject', () => {
  it('is ours if its schema is one of our versions, whatever the subject', async () => {
    const { schemas, readers, resolver } = setUp();
    schemas.set(8, newestSchema(COMMANDS_SUBJECT).schema);
    expect(await resolver.resolveSchema(8)).toBe('known');
    expect([readers.byId.has(8), readers.foreignIds.has(8)]).toEqual([false, true]);

    const commands = createReaders(newestSchema(COMMANDS_SUBJECT).schema, 1);
    const registry = {
      versionsOf: async () => null,
      schemaOf: async () => newestSchema(COMMANDS_SUBJECT).schema,
    } as Partial<Registry> as Registry;
    const ours = createSchemaResolver({
      registry,
      subject: COMMANDS_SUBJECT,
      readers: commands,
      log: { warn: () => undefined } as never,
    });
    expect(await ours.resolveSchema(8)).toBe('known');
    expect(commands.byId.has(8)).toBe(true);
  });

  it('is foreign if this codec cannot compile its schema', async () => {
    const { schemas, readers, resolver } = setUp();
    schemas.set(8, {
      type: 'record',
      name: 'M',
      fields: [{ name: 'm', type: { type: 'map', values: 'int' } }],
    });
    schemas.set(9, {});
    expect([await resolver.resolveSchema(8), await resolver.resolveSchema(9)]).toEqual(['known', 'known']);
    expect([...readers.foreignIds]).toEqual([8, 9]);
  });
});
