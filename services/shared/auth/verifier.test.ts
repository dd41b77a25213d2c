import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Caller,
  createLocalIssuer,
  createVerifier,
  type LocalIssuer,
  type VerifierOptions,
} from './index.ts';
import { createTokenCache } from './token-cache.ts';

let dir: string;
let issuer: LocalIssuer;
let nowMs = 0;
let monotonicMs = 0;
const clock = { nowMs: () => nowMs, monotonicMs: () => monotonicMs };

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'issuer-'));
  issuer = await createLocalIssuer(dir);
  nowMs = Date.now();
  monotonicMs = 1_000_000;
});
afterEach(() => rm(dir, { recursive: true }));

const verifier = (options: Partial<VerifierOptions> = {}) =>
  createVerifier({
    jwks: issuer.jwksPath,
    issuer: issuer.issuer,
    audience: issuer.audience,
    clock,
    ...options,
  });
const sign = (ttlSeconds = 3600) =>
  issuer.sign({ customerId: 'c1', scopes: ['orders:read', 'orders:write'], ttlSeconds });
/** Calls `verify`, and turns a synchronous error into a rejection. */
const verify = async (by: { verify(token: string): Caller | Promise<Caller> }, token: string) =>
  by.verify(token);

/** A token with any claims, signed with the local issuer's key; `undefined` removes a claim. */
async function signed(claims: JWTPayload, header: { kid?: string; alg?: string } = {}): Promise<string> {
  const jwk = JSON.parse(await readFile(join(dir, 'issuer-key.json'), 'utf8'));
  const payload = {
    iss: issuer.issuer,
    aud: issuer.audience,
    exp: Math.floor(nowMs / 1000) + 60,
    sub: 'c1',
    scope: 'orders:read',
    ...claims,
  };
  return new SignJWT(JSON.parse(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', kid: jwk.kid, ...header })
    .sign(jwk);
}

describe('verify', () => {
  it('returns the caller, and synchronously the second time', async () => {
    const by = verifier();
    const token = await sign();
    const caller = await by.verify(token);
    expect(caller.customerId).toBe('c1');
    expect([...caller.scopes]).toEqual(['orders:read', 'orders:write']);
    expect(by.verify(token)).toBe(caller);
  });

  it('checks one token once for concurrent callers', async () => {
    const by = verifier();
    const token = await sign();
    const [one, two] = [by.verify(token), by.verify(token)];
    expect(one).toBe(two);
    await one;
  });

  it('drops a token from the cache when it expires', async () => {
    const by = verifier({ clockToleranceSeconds: 10 });
    const token = await signed({ exp: Math.floor(nowMs / 1000) + 60 });
    await by.verify(token);
    nowMs += 69_000;
    expect(by.verify(token)).not.toBeInstanceOf(Promise);
    nowMs += 2_000;
    await expect(verify(by, token)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it.each([
    ['an empty one', '', 'TOKEN_MISSING'],
    ['one that is too long', 'a'.repeat(8193), 'TOKEN_MALFORMED'],
    ['noise', 'not a token', 'TOKEN_MALFORMED'],
    ['three parts of noise', 'a.b.c', 'TOKEN_MALFORMED'],
    ['one without signature', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJjMSJ9.', 'TOKEN_REFUSED'],
  ])('refuses %s', async (_what, token, code) => {
    await expect(verify(verifier(), token)).rejects.toMatchObject({ code, disposition: 'reject' });
  });

  it.each<[string, JWTPayload]>([
    ['iss', { iss: 'another' }],
    ['aud', { aud: 'another' }],
    ['iss', { iss: undefined }],
    ['aud', { aud: undefined }],
    ['exp', { exp: undefined }],
    ['sub', { sub: undefined }],
    ['scope', { scope: undefined }],
    ['sub', { sub: '' }],
    ['sub', { sub: 'with blank' }],
    ['sub', { sub: 'ü' }],
    ['sub', { sub: 'x'.repeat(129) }],
    ['scope', { scope: ['orders:read'] }],
    ['nbf', { nbf: Math.floor(Date.now() / 1000) + 600 }],
  ])('refuses a wrong %s: %j', async (_claim, claims) => {
    await expect(verify(verifier(), await signed(claims))).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
  });

  it('refuses a changed payload', async () => {
    const [head, , signature] = (await sign()).split('.');
    const payload = Buffer.from(JSON.stringify({ sub: 'admin' })).toString('base64url');
    await expect(verify(verifier(), `${head}.${payload}.${signature}`)).rejects.toMatchObject({
      code: 'TOKEN_REFUSED',
    });
  });

  it('refuses a symmetric signature made with the public key as the secret', async () => {
    const publicKey = await readFile(issuer.jwksPath);
    const token = await new SignJWT({ sub: 'c1', scope: 'orders:ops' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(issuer.issuer)
      .setAudience(issuer.audience)
      .setExpirationTime('1h')
      .sign(publicKey);
    await expect(verify(verifier(), token)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
  });

  it('rejects other algorithms and a wide tolerance in its options', () => {
    const wrong = {
      algorithms: ['HS256'] as unknown as VerifierOptions['algorithms'],
      clockToleranceSeconds: 61,
    };
    expect(() => verifier(wrong)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('keys', () => {
  it('a file without the key ends its tokens within seconds, also cached ones', async () => {
    const before = await readFile(issuer.jwksPath, 'utf8');
    const by = verifier();
    const token = await sign();
    await by.verify(token);
    const { publicKey } = await generateKeyPair('EdDSA', { extractable: true });
    const other = { keys: [{ ...(await exportJWK(publicKey)), kid: 'other' }] };
    await writeFile(issuer.jwksPath, JSON.stringify(other));
    try {
      monotonicMs += 6_000;
      expect(by.known(token)).not.toBeNull();
      await expect.poll(() => by.known(token)).toBeNull();
      await expect(verify(by, token)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
    } finally {
      await writeFile(issuer.jwksPath, before);
    }
  });

  async function addKey(kid: string) {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    const set = JSON.parse(await readFile(issuer.jwksPath, 'utf8'));
    set.keys.push({ ...(await exportJWK(publicKey)), kid });
    await writeFile(issuer.jwksPath, JSON.stringify(set));
    return (header: { kid?: string }) =>
      new SignJWT({ scope: 'orders:read' })
        .setProtectedHeader({ alg: 'EdDSA', ...header })
        .setIssuer(issuer.issuer)
        .setAudience(issuer.audience)
        .setSubject('c2')
        .setExpirationTime('1h')
        .sign(privateKey);
  }

  it('are read again for an unknown kid, but at most once in 5 s', async () => {
    const by = verifier();
    await by.verify(await sign());
    const signNew = await addKey('new');
    const token = await signNew({ kid: 'new' });
    await expect(verify(by, token)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
    monotonicMs += 5001;
    expect((await verify(by, token)).customerId).toBe('c2');
  });

  it('must have ids if there are several', async () => {
    const signNew = await addKey('new');
    await expect(verify(verifier(), await signNew({}))).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
    expect((await verify(verifier(), await signNew({ kid: 'new' }))).customerId).toBe('c2');
  });

  it('need no id if there is one key', async () => {
    expect((await verify(verifier(), await signed({}, { kid: undefined }))).customerId).toBe('c1');
  });

  it('stay in use while they cannot be reloaded', async () => {
    const by = verifier();
    await by.verify(await sign());
    await writeFile(issuer.jwksPath, 'broken');
    monotonicMs += 600_000;
    expect((await by.verify(await sign(100))).customerId).toBe('c1');
    await expect.poll(async () => (await by.verify(await sign(200))).customerId).toBe('c1');
  });

  it.each([
    ['a missing file', null],
    ['invalid JSON', 'nope'],
    ['no keys', '{"keys":[]}'],
    ['a shared secret', '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}'],
    ['a private key', '{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"c"}]}'],
  ])('that are %s are a server error, not the caller’s', async (_what, text) => {
    const token = await sign();
    if (text === null) await rm(issuer.jwksPath);
    else await writeFile(issuer.jwksPath, text);
    await expect(verify(verifier(), token)).rejects.toMatchObject({
      code: 'JWKS_UNAVAILABLE',
      disposition: 'retry',
    });
  });

  it('are also read over http, once for concurrent callers', async () => {
    let asked = 0;
    const text = await readFile(issuer.jwksPath, 'utf8');
    const server: Server = createServer((_request, response) => {
      asked++;
      response.end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const by = verifier({ jwks: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json` });
      const tokens = await Promise.all([sign(100), sign(200), sign(300)]);
      const callers = await Promise.all(tokens.map((token) => by.verify(token)));
      expect(callers.map((caller) => caller.customerId)).toEqual(['c1', 'c1', 'c1']);
      expect(asked).toBe(1);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

describe('createLocalIssuer', () => {
  it('keeps its key for the next process, readable only by its owner', async () => {
    const again = await createLocalIssuer(dir);
    const token = await again.sign({ customerId: 'c9', scopes: [] });
    await expect(verify(verifier(), token)).resolves.toMatchObject({ customerId: 'c9' });
    expect((await stat(join(dir, 'issuer-key.json'))).mode & 0o077).toBe(0);
    expect(await readFile(issuer.jwksPath, 'utf8')).not.toContain('"d"');
  });

  it('creates one key when several processes start together', async () => {
    const fresh = join(dir, 'fresh');
    const issuers = await Promise.all([1, 2, 3, 4].map(() => createLocalIssuer(fresh)));
    const by = verifier({ jwks: issuers[0]!.jwksPath });
    for (const each of issuers) {
      const token = await each.sign({ customerId: 'c1', scopes: ['x'] });
      await expect(verify(by, token)).resolves.toMatchObject({ customerId: 'c1' });
    }
  });
});

describe('createTokenCache', () => {
  it('is bounded: the oldest entry is evicted first', () => {
    const cache = createTokenCache<number>(2);
    for (const n of [1, 2, 3]) cache.set(`t${n}`, n, 10);
    expect([cache.get('t1', 0), cache.get('t2', 0), cache.get('t3', 0), cache.size]).toEqual([
      undefined,
      2,
      3,
      2,
    ]);
    expect(cache.get('t2', 10)).toBeUndefined();
  });
});
