import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  newestSchema,
  type OrderCommand,
  type SchemaEntry,
  schemaCatalogue,
} from '../../../schemas/index.ts';
import { addWriter, createReaders } from '../../../services/shared/codec/codec.ts';
import {
  listSchemas,
  loadCodecs,
  PoisonError,
  registerSchemas,
} from '../../../services/shared/codec/index.ts';
import { createRegistry } from '../../../services/shared/codec/registry/client.ts';
import { testStack, unique } from '../../support/servers/stack.ts';

const log = { warn: () => undefined } as never;
const cancel: OrderCommand = {
  commandId: 'cancel:1',
  type: 'CANCEL',
  orderId: '3f2a9c1e-8d77-8b4f-9a2b-00112233aabb',
  customerId: 'customer-1',
  actor: 'customer',
  idempotencyKey: null,
  fingerprint: Buffer.alloc(32, 7),
  issuedAt: 1764000000000,
  traceparent: null,
  sealed: null,
  payload: { reason: 'Größe falsch', expectedVersion: 2, lines: [] },
};

function registryUrl(): string {
  return testStack().schemaRegistryUrl;
}

describe('the released schemas in the registry', () => {
  beforeAll(async () => {
    await registerSchemas({ registryUrl: registryUrl() });
  });

  it('are registered once, with their compatibility', async () => {
    const before = await listSchemas({ registryUrl: registryUrl() });
    const again = await registerSchemas({ registryUrl: registryUrl() });
    expect(again).toEqual(before);
    expect(
      again.map(({ subject, version, compatibility, state }) => [subject, version, compatibility, state]),
    ).toEqual([
      ['orders.commands.v1-value', 1, 'BACKWARD_TRANSITIVE', 'was there'],
      ['orders.commands.v1-value', 2, 'BACKWARD_TRANSITIVE', 'was there'],
      ['orders.events.v1-value', 1, 'FULL_TRANSITIVE', 'was there'],
      ['orders.events.v1-value', 2, 'FULL_TRANSITIVE', 'was there'],
      ['orders.state.v1-value', 1, 'FULL_TRANSITIVE', 'was there'],
      ['orders.state.v1-value', 2, 'FULL_TRANSITIVE', 'was there'],
    ]);
  });

  it('give codecs whose bytes the standard registry client reads, and the other way round', async () => {
    const { commands } = await loadCodecs({ registryUrl: registryUrl(), log });
    const client = new SchemaRegistry({ host: registryUrl() });
    const bytes = commands.encode(cancel);
    const wrapped = { ...cancel, payload: { 'orderstream.commands.CancelOrder': cancel.payload } };
    expect(JSON.parse(JSON.stringify(await client.decode(bytes)))).toEqual(
      JSON.parse(JSON.stringify(wrapped)),
    );
    expect(commands.decode(await client.encode(commands.schemaId, wrapped))).toEqual(cancel);
  });

  it('distinguish missing ids from ids of another subject', async () => {
    const { commands, events } = await loadCodecs({ registryUrl: registryUrl(), log });
    expect(await commands.resolveSchema(2_000_000_000)).toBe('missing');
    expect(await events.resolveSchema(commands.schemaId)).toBe('known');
    expect(() => events.decode(commands.encode(cancel))).toThrow(
      expect.objectContaining({ code: 'WRONG_SUBJECT', schemaId: commands.schemaId }),
    );
    expect(() => events.decode(commands.encode(cancel))).toThrow(PoisonError);
  });
});

describe('the compatibility check of the registry itself', () => {
  type Avro = { fields: { name: string; type: unknown; default?: unknown }[] };
  const isCompatible = async (subject: string, schema: object): Promise<unknown> => {
    const answer = await fetch(`${registryUrl()}/compatibility/subjects/${subject}/versions/latest`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: JSON.stringify(schema) }),
    });
    return ((await answer.json()) as { is_compatible?: unknown }).is_compatible;
  };

  const newest = schemaCatalogue.filter((entry) => entry === newestSchema(entry.subject));

  it.each(newest)('detects what would break $subject', async ({ subject, schema, compatibility }) => {
    const { fields, ...rest } = schema as Avro;
    const optional = { name: 'later', type: ['null', 'string'], default: null };
    const needed = { name: 'later', type: 'string' };
    const withoutFirst = fields.slice(1);
    expect(await isCompatible(subject, schema)).toBe(true);
    expect(await isCompatible(subject, { ...rest, fields: [...fields, optional] })).toBe(true);
    expect(await isCompatible(subject, { ...rest, fields: [...fields, needed] })).toBe(false);
    // Only public topics promise that old readers continue; a first field with a default is allowed even
    // there.
    const mayGo = compatibility === 'BACKWARD_TRANSITIVE' || fields[0]?.default !== undefined;
    expect(await isCompatible(subject, { ...rest, fields: withoutFirst })).toBe(mayGo);
  });
});

describe('a subject of its own', () => {
  const subject = `${unique('t-codec-')}-value`;
  const field = (name: string, more: object) => ({ name, type: 'string', ...more });
  const record = (...fields: object[]) => ({ type: 'record', name: 'Probe', namespace: 't', fields });
  const v1 = record(field('a', {}));
  const v2 = record(field('a', {}), field('b', { default: 'none' }));
  const incompatible = record(field('a', {}), field('c', {}));
  const entry = (version: number, schema: object): SchemaEntry => ({
    subject,
    version,
    compatibility: 'FULL_TRANSITIVE',
    path: '-',
    schema,
  });
  const register = (...entries: SchemaEntry[]) => registerSchemas({ registryUrl: registryUrl() }, entries);

  it('is created with its first schema and keeps every compatible version', async () => {
    const [first] = await register(entry(1, v1));
    expect(first).toMatchObject({ state: 'registered', compatibility: 'FULL_TRANSITIVE' });
    const reports = await register(entry(1, v1), entry(2, v2));
    expect(reports.map(({ state }) => state)).toEqual(['was there', 'registered']);
    expect(await createRegistry(registryUrl()).versionsOf(subject)).toHaveLength(2);
  });

  it('is created once by concurrent callers', async () => {
    const raced = { ...entry(1, v1), subject: `${unique('raced')}-value` };
    const reports = await Promise.all(Array.from({ length: 6 }, () => register(raced)));
    expect(new Set(reports.map(([report]) => report!.schemaId)).size).toBe(1);
    expect(reports.map(([report]) => report!.compatibility)).toEqual(reports.map(() => 'FULL_TRANSITIVE'));
    expect(await createRegistry(registryUrl()).versionsOf(raced.subject)).toHaveLength(1);
  });

  it('refuses a schema that a reader could not read, and names the reader', async () => {
    await expect(register(entry(3, incompatible))).rejects.toMatchObject({
      code: 'SCHEMA_INCOMPATIBLE',
      details: { subject },
    });
    expect(await createRegistry(registryUrl()).versionsOf(subject)).toHaveLength(2);
  });

  it('gets its compatibility back after somebody changed it', async () => {
    const registry = createRegistry(registryUrl());
    await registry.setCompatibility(subject, 'BACKWARD_TRANSITIVE');
    const [report] = await register(entry(1, v1));
    expect(report).toMatchObject({ state: 'was there', compatibility: 'FULL_TRANSITIVE' });
  });

  it('prepares stored versions as readers do', async () => {
    const registry = createRegistry(registryUrl());
    const [id1, id2] = await Promise.all([
      registry.idOfVersion(subject, 1),
      registry.idOfVersion(subject, 2),
    ]);
    const readers = createReaders(v2, id2);
    addWriter(readers, subject, id1, (await registry.schemaOf(id1)) as object);
    expect([...readers.byId.keys()]).toEqual([id2, id1]);
  });
});

it('an unavailable registry is not a missing schema', async () => {
  const away = createRegistry('http://127.0.0.1:9/apis/ccompat/v7');
  await expect(away.schemaOf(1)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
});
