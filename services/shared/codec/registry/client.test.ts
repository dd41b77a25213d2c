import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createRegistry } from './client.ts';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
}

const answer = (status: number, body: string) =>
  serve((_request, response) => response.writeHead(status).end(body));
const unavailable = expect.objectContaining({ code: 'REGISTRY_UNAVAILABLE', disposition: 'retry' });

describe('a schema id', () => {
  it('is missing if the registry reports it as missing', async () => {
    const url = await answer(404, '{"error_code": 40403, "message": "no"}');
    expect(await createRegistry(url).schemaOf(9)).toBeNull();
  });

  it.each([
    ['the 404 of a proxy', 404, '<html>not found</html>'],
    ['a 404 of another kind', 404, '{"error_code": 40401}'],
    ['an error', 500, '{"error_code": 50001}'],
    ['a success without a schema', 200, '{}'],
    ['a success that is not JSON', 200, 'hello'],
    ['a truncated schema', 200, JSON.stringify({ schema: '{"type": "rec' })],
  ])('is not missing after %s', async (_what, status, body) => {
    const url = await answer(status, body);
    await expect(createRegistry(url).schemaOf(9)).rejects.toEqual(unavailable);
  });

  it('is not missing while the registry is down', async () => {
    await expect(createRegistry('http://127.0.0.1:9').schemaOf(9)).rejects.toEqual(unavailable);
  });
});

describe('a response of another shape', () => {
  it.each([
    ['versions that are not numbers', '["1", {}]'],
    ['a version below one', '[0]'],
    ['a version beyond any', '[1e300]'],
    ['a version that is a fraction', '[1.5]'],
  ])('is an error and never a value: %s', async (_what, body) => {
    const url = await answer(200, body);
    await expect(createRegistry(url).versionsOf('s')).rejects.toEqual(unavailable);
  });

  it.each(['{}', '{"id": "7"}', '{"id": -1}', '{"id": null}'])('is not an id: %s', async (body) => {
    const url = await answer(200, body);
    await expect(createRegistry(url).idOf('s', { type: 'string' })).rejects.toEqual(unavailable);
    await expect(createRegistry(url).idOfVersion('s', 1)).rejects.toEqual(unavailable);
  });

  it.each([
    ['a bare type', { schema: '"string"' }],
    ['JSON Schema', { schema: '{"type": "object"}', schemaType: 'JSON' }],
    ['Protobuf', { schema: 'syntax = "proto3";', schemaType: 'PROTOBUF' }],
  ])('is a foreign schema: %s', async (_what, body) => {
    const url = await answer(200, JSON.stringify(body));
    expect(await createRegistry(url).schemaOf(9)).toEqual({});
  });
});

describe('a login in the URL', () => {
  const withLogin = (url: string): string => url.replace('http://', 'http://team:s%40cret@');

  it('is sent with every request', async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      asked.push(request.headers.authorization);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id": 5, "schema": "{}"}');
    });
    const registry = createRegistry(withLogin(url));
    await registry.schemaOf(5);
    await registry.idOf('r-value', { type: 'record', name: 'R', fields: [] });
    const basic = `Basic ${Buffer.from('team:s@cret').toString('base64')}`;
    expect(asked).toEqual([basic, basic]);
  });

  it('is not in any error message', async () => {
    const url = withLogin(await answer(500, 'no'));
    const error = await createRegistry(url)
      .schemaOf(5)
      .catch((cause: Error) => cause);
    expect(error).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
    expect(String(error)).not.toMatch(/cret|team/);
  });
});

describe('the id of a bundled schema', () => {
  const schema = { type: 'record', name: 'R', fields: [] };

  it('is looked up under the base path', async () => {
    const paths: string[] = [];
    const url = await serve((request, response) => {
      paths.push(`${request.method} ${request.url}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id": 5}');
    });
    expect(await createRegistry(url).idOf('r-value', schema)).toBe(5);
    expect(paths).toEqual(['POST /base/subjects/r-value']);
  });

  it('is null if the registry has only other schemas', async () => {
    const url = await serve((request, response) => {
      const listing = request.method === 'GET';
      response.writeHead(listing ? 200 : 404, { 'content-type': 'application/json' });
      response.end(listing ? '["other-value"]' : '{"error_code": 40403, "message": "no"}');
    });
    expect(await createRegistry(url).idOf('r-value', schema)).toBeNull();
  });

  it('is unknown if the address is not a schema registry', async () => {
    const url = await answer(404, 'nothing here');
    await expect(createRegistry(url).idOf('r-value', schema)).rejects.toEqual(unavailable);
  });
});

it('times out if the registry never responds', { timeout: 20_000 }, async () => {
  const url = await serve(() => undefined);
  const started = performance.now();
  await expect(
    createRegistry(url).idOf('r-value', { type: 'record', name: 'R', fields: [] }),
  ).rejects.toEqual(unavailable);
  // The call takes one timeout, or a few if the library retries.
  expect(performance.now() - started).toBeLessThan(15_000);
});
