import { describe, expect, it } from 'vitest';
import { EVENTS_SUBJECT, newestSchema } from '../../../schemas/index.ts';
import { appError } from '../errors/index.ts';
import { loadSubject } from './load-codecs.ts';
import type { Registry } from './registry/client.ts';

const bundled = newestSchema(EVENTS_SUBJECT).schema as { fields: object[] };
const wider = {
  ...bundled,
  fields: [...bundled.fields, { name: 'later', type: ['null', 'string'], default: null }],
};
const log = { warn: () => undefined } as never;

/** A registry that holds `schemas` as the versions of the subject. */
function registryWith(schemas: Record<number, object>, idOfBundled: number | null): Registry {
  const ids = Object.keys(schemas).map(Number);
  return {
    idOf: async () => idOfBundled,
    versionsOf: async () => ids.map((_id, at) => at + 1),
    idOfVersion: async (_subject: string, version: number) => ids[version - 1] ?? 0,
    schemaOf: async (id: number) => schemas[id] ?? null,
  } as Partial<Registry> as Registry;
}

describe('loading a subject', () => {
  it('uses the id of the bundled schema and prepares the other versions', async () => {
    const source = await loadSubject(registryWith({ 4: bundled, 8: wider }, 4), EVENTS_SUBJECT, log);
    expect(source.schemaId).toBe(4);
    expect([...source.readers.byId.keys()]).toEqual([4, 8]);
  });

  it('names the subject if the schema is not registered', async () => {
    await expect(loadSubject(registryWith({}, null), EVENTS_SUBJECT, log)).rejects.toMatchObject({
      code: 'SCHEMA_NOT_REGISTERED',
      details: { subject: EVENTS_SUBJECT },
    });
  });

  it('fails if the id has another schema, or none', async () => {
    for (const schemas of [{ 4: wider }, {}] as Record<number, object>[]) {
      await expect(loadSubject(registryWith(schemas, 4), EVENTS_SUBJECT, log)).rejects.toMatchObject({
        code: 'SCHEMA_MISMATCH',
      });
    }
  });

  it('asks again if the registry does not answer once, and gives up after three attempts', async () => {
    const registry = registryWith({ 4: bundled }, 4);
    let failures = 1;
    let asked = 0;
    const slow: Registry = {
      ...registry,
      async idOf(...args) {
        asked += 1;
        if (failures-- > 0) throw appError('REGISTRY_UNAVAILABLE', { reason: 'no answer' });
        return registry.idOf(...args);
      },
    };
    expect((await loadSubject(slow, EVENTS_SUBJECT, log)).schemaId).toBe(4);
    expect(asked).toBe(2);
    failures = 9;
    asked = 0;
    await expect(loadSubject(slow, EVENTS_SUBJECT, log)).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
    });
    expect(asked).toBe(3);
  });

  it('accepts the same schema with another doc text', async () => {
    const reworded = { ...bundled, doc: 'in other words' };
    const source = await loadSubject(registryWith({ 4: reworded }, 4), EVENTS_SUBJECT, log);
    expect(source.schemaId).toBe(4);
  });
});
