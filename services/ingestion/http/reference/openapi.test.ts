import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { problemTable } from '../../problems/problem-table.ts';
import { apiDocument, faultOf } from '../../testing/api-document.ts';
import { createFakeWorld } from '../../testing/fake-world.ts';
import type { Json } from '../../testing/schema-arbitrary.ts';
import { breakingChanges } from '../../tools/breaking-changes.ts';
import { releaseFaults } from '../../tools/release-faults.ts';
import { operations } from '../routes/index.ts';
import { openapiDocument } from './openapi.ts';

const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const document = openapiDocument(operations);

describe('the OpenAPI document', () => {
  test('the committed file equals the document of the routes', () => {
    expect(readJson('../../openapi.json')).toEqual(JSON.parse(JSON.stringify(document)));
  });

  test('breaks no client of the last released document', () => {
    expect(breakingChanges(readJson('../../released/openapi.json'), document)).toEqual([]);
  });

  test('is served, with a page for people and a page for each problem', async () => {
    const { app } = createFakeWorld();
    expect((await app.inject('/openapi.json')).json()).toEqual(readJson('../../openapi.json'));
    expect((await app.inject('/docs')).body).toContain('POST /v1/orders/batch');
    const types = new Set(JSON.stringify(document).match(/\/problems\/[a-z-]+/g));
    expect(types.size).toBeGreaterThan(15);
    for (const type of types) expect((await app.inject(type)).statusCode, type).toBe(200);
    expect((await app.inject('/problems/none')).statusCode).toBe(404);
  });

  test('has an example for each problem of each operation', () => {
    for (const { url, method, problems } of operations) {
      const text = JSON.stringify(
        (document['paths'] as Record<string, Record<string, object>>)[url.replaceAll(/:(\w+)/g, '{$1}')]![
          method.toLowerCase()
        ],
      );
      for (const code of problems) expect(text).toContain(`"code":"${code}"`);
    }
  });
});

test('a problem that is also about other things than orders does not speak of orders alone', () => {
  const codes = new Set(
    operations.filter(({ url }) => !url.startsWith('/v1/orders')).flatMap(({ problems }) => problems),
  );
  expect([...codes]).toEqual(expect.arrayContaining(['RATE_LIMITED', 'STATE_UNAVAILABLE']));
  const texts = [...codes].map((code) => `${problemTable[code].title}. ${problemTable[code].meaning}`);
  const others = /\b(?:other|operator)\b/;
  expect(texts.filter((text) => /\borders?\b/i.test(text) && !others.test(text))).toEqual([]);
});

describe('the document for client generators', () => {
  const api = apiDocument as unknown as {
    tags: { name: string }[];
    paths: Record<string, Record<string, Described>>;
    webhooks: Record<string, { post: Described }>;
    components: { schemas: Record<string, Json> };
  };
  type Content = Record<string, { schema: Json; example?: unknown }>;
  type Described = {
    operationId: string;
    tags: string[];
    requestBody?: { content: Content };
    responses: Record<string, { content?: Content }>;
  };
  const operationsOfApi = [
    ...Object.values(api.paths).flatMap((methods) => Object.values(methods)),
    ...Object.values(api.webhooks).map(({ post }) => post),
  ];

  test('every operation has a known tag', () => {
    const known = api.tags.map(({ name }) => name);
    for (const { operationId, tags } of operationsOfApi) {
      expect(tags, operationId).toHaveLength(1);
      expect(known, operationId).toContain(tags[0]);
    }
  });

  test('every JSON body and response has an example that its schema allows', () => {
    for (const { operationId, requestBody, responses } of operationsOfApi) {
      const good = Object.entries(responses).filter(([status]) => status < '300');
      const contents = [requestBody?.content, ...good.map(([, { content }]) => content)];
      for (const content of contents) {
        const json = content?.['application/json'];
        if (json === undefined) continue;
        expect(json.example, operationId).toBeDefined();
        expect(faultOf(json.schema, json.example), operationId).toBeNull();
      }
    }
  });

  test('no component contains an object schema without a name', () => {
    const nameless = (value: unknown, where: string): string[] => {
      if (typeof value !== 'object' || value === null) return [];
      const { type, properties } = value as Json;
      const own = type === 'object' && properties !== undefined ? [where] : [];
      return [
        ...own,
        ...Object.entries(value).flatMap(([name, member]) => nameless(member, `${where}/${name}`)),
      ];
    };
    const found = Object.entries(api.components.schemas).flatMap(([name, schema]) => {
      return Object.entries(schema).flatMap(([member, value]) => nameless(value, `${name}/${member}`));
    });
    expect(found).toEqual([]);
  });

  test('the status of an order determines its members', () => {
    const order = {
      id: '3f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b11',
      links: { self: '', history: '', events: '' },
    };
    const fault = (more: object) => faultOf(api.components.schemas['Order']!, { ...order, ...more });
    expect(fault({ version: 0, status: 'QUEUED', queue: { ahead: 0, etaMs: 0 } })).toBeNull();
    expect(fault({ version: 0, status: 'QUEUED' })).not.toBeNull();
    expect(fault({ version: 1, status: 'PENDING_PAYMENT' })).not.toBeNull();
    expect(
      fault({ version: 0, status: 'DEAD_LETTERED', reason: { code: 'DEAD_LETTERED', message: '' } }),
    ).toBeNull();
    expect(fault({ version: 1, status: 'NEW_ONE' })).not.toBeNull();
  });
});

describe('a release', () => {
  const released = readJson('../../released/openapi.json');
  const withVersion = (version: string, paths = released.paths) => ({
    ...released,
    info: { version },
    paths,
  });

  test('has no fault for the same document, and requires another version for a different document', () => {
    expect(releaseFaults(released, structuredClone(released))).toEqual([]);
    const more = { ...released.paths, '/v1/new': {} };
    expect(releaseFaults(released, { ...released, paths: more })).toEqual([
      expect.stringContaining(`version is still ${released.info.version}`),
    ]);
    expect(releaseFaults(released, withVersion('9.0.0', more))).toEqual([]);
  });

  test('may not break a client without a stated reason', () => {
    const { '/v1/orders': _gone, ...less } = released.paths;
    expect(releaseFaults(released, withVersion('9.0.0', less))).toContain('GET /v1/orders is removed');
    expect(releaseFaults(released, withVersion('9.0.0', less), { despite: 'nobody had it' })).toEqual([]);
  });
});

describe('breaking changes', () => {
  type Changeable = {
    paths: Record<string, Record<string, never>>;
    components: { schemas: Record<string, never> };
  };
  const change = (edit: (copy: Changeable) => void): string[] => {
    const copy = structuredClone(JSON.parse(JSON.stringify(document)));
    edit(copy);
    return breakingChanges(document, copy);
  };
  const schema = (copy: Changeable, name: string) =>
    copy.components.schemas[name] as unknown as {
      properties: Record<string, Record<string, unknown>>;
      required: string[];
    };

  test.each<[string, (copy: Changeable) => void]>([
    ['a route is removed', (copy) => delete copy.paths['/v1/orders/quote']],
    ['a response loses a member', (copy) => delete schema(copy, 'Accepted').properties['statusUrl']],
    ['a response may lack a member', (copy) => schema(copy, 'Accepted').required.pop()],
    ['a request needs one more member', (copy) => schema(copy, 'OrderRequest').required.push('couponCode')],
    ['a request loses a member', (copy) => delete schema(copy, 'OrderRequest').properties['metadata']],
    [
      'a bound is narrower',
      (copy) => Object.assign(schema(copy, 'OrderRequest').properties['items']!, { maxItems: 10 }),
    ],
    [
      'a pattern changes',
      (copy) => Object.assign(schema(copy, 'OrderRequest').properties['couponCode']!, { pattern: '^x$' }),
    ],
    [
      'a type changes',
      (copy) => Object.assign(schema(copy, 'DecidedOrder').properties['version']!, { type: 'string' }),
    ],
    [
      'one of several variants loses a member',
      (copy) => delete schema(copy, 'QueuedOrder').properties['queue'],
    ],
    [
      'one of several variants is removed',
      (copy) => (copy.components.schemas['Order'] as unknown as { oneOf: unknown[] }).oneOf.pop(),
    ],
  ])('%s: found', (_name, edit) => {
    expect(change(edit)).not.toEqual([]);
  });

  test.each<[string, (copy: Changeable) => void]>([
    [
      'a response gains a member',
      (copy) => Object.assign(schema(copy, 'DecidedOrder').properties, { extra: { type: 'string' } }),
    ],
    [
      'a request may have one more member',
      (copy) => Object.assign(schema(copy, 'OrderRequest').properties, { extra: { type: 'string' } }),
    ],
    [
      'a bound is wider',
      (copy) => Object.assign(schema(copy, 'OrderRequest').properties['items']!, { maxItems: 1000 }),
    ],
    ['a new route', (copy) => Object.assign(copy.paths, { '/v1/new': { get: { responses: {} } } })],
  ])('%s: no break', (_name, edit) => {
    expect(change(edit)).toEqual([]);
  });
});
