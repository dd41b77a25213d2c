import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openapiDocument } from './openapi.ts';
import { operations } from './routes/index.ts';
import { createFakeWorld } from './testing/fake-world.ts';
import { breakingChanges } from './tools/breaking-changes.ts';
import { releaseFaults } from './tools/release-faults.ts';

const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const document = openapiDocument(operations);

describe('the OpenAPI document', () => {
  test('the committed file is what the routes give', () => {
    expect(readJson('./openapi.json')).toEqual(JSON.parse(JSON.stringify(document)));
  });

  test('breaks no client of the last released one', () => {
    expect(breakingChanges(readJson('./released/openapi.json'), document)).toEqual([]);
  });

  test('is served, with a page for people and one for each problem', async () => {
    const { app } = createFakeWorld();
    expect((await app.inject('/openapi.json')).json()).toEqual(readJson('./openapi.json'));
    expect((await app.inject('/docs')).body).toContain('POST /v1/orders/batch');
    const types = new Set(JSON.stringify(document).match(/\/problems\/[a-z-]+/g));
    expect(types.size).toBeGreaterThan(15);
    for (const type of types) expect((await app.inject(type)).statusCode, type).toBe(200);
    expect((await app.inject('/problems/none')).statusCode).toBe(404);
  });

  test('has an example for each problem of each operation', () => {
    for (const { url, method, problems } of operations) {
      const text = JSON.stringify(
        (document['paths'] as Record<string, Record<string, object>>)[url.replace(':id', '{id}')]![
          method.toLowerCase()
        ],
      );
      for (const code of problems) expect(text).toContain(`"code":"${code}"`);
    }
  });
});

describe('a release', () => {
  const released = readJson('./released/openapi.json');
  const withVersion = (version: string, paths = released.paths) => ({
    ...released,
    info: { version },
    paths,
  });

  test('of the same document is nothing, of another one needs another version', () => {
    expect(releaseFaults(released, structuredClone(released))).toEqual([]);
    const more = { ...released.paths, '/v1/new': {} };
    expect(releaseFaults(released, { ...released, paths: more })).toEqual([
      expect.stringContaining(`is version ${released.info.version} still`),
    ]);
    expect(releaseFaults(released, withVersion('9.0.0', more))).toEqual([]);
  });

  test('does not break a client, unless it is said why that is none', () => {
    const { '/v1/orders': _gone, ...less } = released.paths;
    expect(releaseFaults(released, withVersion('9.0.0', less))).toContain('GET /v1/orders is gone');
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
    ['a route is gone', (copy) => delete copy.paths['/v1/orders/quote']],
    ['an answer loses a member', (copy) => delete schema(copy, 'Accepted').properties['statusUrl']],
    ['an answer may lack a member', (copy) => schema(copy, 'Accepted').required.pop()],
    ['a request needs one more member', (copy) => schema(copy, 'OrderRequest').required.push('couponCode')],
    ['a request loses a member', (copy) => delete schema(copy, 'OrderRequest').properties['metadata']],
    [
      'a bound is narrower',
      (copy) => Object.assign(schema(copy, 'OrderRequest').properties['items']!, { maxItems: 10 }),
    ],
    [
      'a pattern is another',
      (copy) => Object.assign(schema(copy, 'OrderRequest').properties['couponCode']!, { pattern: '^x$' }),
    ],
    [
      'a type is another',
      (copy) => Object.assign(schema(copy, 'Order').properties['version']!, { type: 'string' }),
    ],
  ])('%s: found', (_name, edit) => {
    expect(change(edit)).not.toEqual([]);
  });

  test.each<[string, (copy: Changeable) => void]>([
    [
      'an answer gains a member',
      (copy) => Object.assign(schema(copy, 'Order').properties, { extra: { type: 'string' } }),
    ],
    [
      'a request may have one more',
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
