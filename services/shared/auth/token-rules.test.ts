/** The rules for tokens besides the signature, compared with the library `jose` where it has the same rule. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, type JWK, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, createVerifier, type VerifierOptions } from './index.ts';

const issuer = 'https://issuer.example';
const audience = 'orderstream';
const nowMs = Date.now();
const nowSeconds = Math.floor(nowMs / 1000);
const clock = { nowMs: () => nowMs, monotonicMs: () => 1_000_000 };
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const shortRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const edwards = generateKeyPairSync('ed25519');
let dir: string;
let jwks: string;

const publicJwk = (key: KeyObject, more: object) => ({ ...key.export({ format: 'jwk' }), ...more });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rules-'));
  jwks = join(dir, 'jwks.json');
  const keys = [
    publicJwk(publicKey, { kid: 'ec', alg: 'ES256', use: 'sig' }),
    publicJwk(rsa.publicKey, { kid: 'rsa' }),
    publicJwk(edwards.publicKey, { kid: 'ed', alg: 'EdDSA' }),
    publicJwk(shortRsa.publicKey, { kid: 'short' }),
    publicJwk(publicKey, { kid: 'for encryption', use: 'enc' }),
    publicJwk(publicKey, { kid: 'wrong alg', alg: 'ES384' }),
  ];
  await writeFile(jwks, JSON.stringify({ keys }));
});
afterAll(() => rm(dir, { recursive: true }));

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const goodClaims = { iss: issuer, aud: audience, sub: 'c1', scope: 'a', exp: nowSeconds + 60 };
const signers: Record<string, (data: Buffer) => Buffer> = {
  ec: (data) => sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  rsa: (data) => sign('sha256', data, rsa.privateKey),
  short: (data) => sign('sha256', data, shortRsa.privateKey),
  ed: (data) => sign(null, data, edwards.privateKey),
};

/** A token with any header and claims, valid or not. */
function token(header: object = {}, claims: object = {}, by = 'ec'): string {
  const given = { alg: 'ES256', kid: 'ec', ...header };
  const signed = `${part(given)}.${part({ ...goodClaims, ...claims })}`;
  return `${signed}.${signers[by]!(Buffer.from(signed)).toString('base64url')}`;
}

async function verdict(text: string, options: Partial<VerifierOptions> = {}): Promise<string> {
  const verifier = createVerifier({ jwks, issuer, audience, clock, ...options });
  const verified = new Promise<Caller>((resolve) => resolve(verifier.verify(text)));
  return verified.then(
    ({ customerId }) => customerId,
    (error: { code: string }) => error.code,
  );
}

describe('the type', () => {
  it.each([
    ['at+jwt', 'c1'],
    ['application/at+jwt', 'c1'],
    ['AT+JWT', 'c1'],
    ['JWT', 'c1'],
    [undefined, 'c1'],
    ['logout+jwt', 'TOKEN_REFUSED'],
    ['dpop+jwt', 'TOKEN_REFUSED'],
    ['', 'TOKEN_REFUSED'],
    [7, 'TOKEN_MALFORMED'],
  ])('%s: %s', async (typ, expected) => {
    expect(await verdict(token({ typ }))).toBe(expected);
  });

  it('can be restricted to the type of RFC 9068', async () => {
    const types = ['at+jwt'];
    expect(await verdict(token({ typ: 'at+jwt' }), { types })).toBe('c1');
    expect(await verdict(token({ typ: 'JWT' }), { types })).toBe('TOKEN_REFUSED');
    expect(await verdict(token(), { types })).toBe('TOKEN_REFUSED');
  });
});

describe('the lifetime', () => {
  const day = 86_400;
  it.each([
    ['a day from now', { exp: nowSeconds + day }, 'c1'],
    ['for ever', { exp: 9e15 }, 'TOKEN_REFUSED'],
    ['two days from now', { exp: nowSeconds + 2 * day }, 'TOKEN_REFUSED'],
    ['two days from its issue', { iat: nowSeconds - 2 * day, exp: nowSeconds + 60 }, 'TOKEN_REFUSED'],
    ['two days, issued in the future', { iat: nowSeconds + day, exp: nowSeconds + 2 * day }, 'TOKEN_REFUSED'],
    ['not a number', { exp: '1e99' }, 'TOKEN_REFUSED'],
    ['over', { exp: nowSeconds - 60 }, 'TOKEN_EXPIRED'],
  ])('good %s: %j', async (_what, claims, expected) => {
    expect(await verdict(token({}, claims))).toBe(expected);
  });
});

describe('keys', () => {
  it.each([
    ['an EC key', { alg: 'ES256', kid: 'ec' }, 'ec', 'c1'],
    ['an RSA key', { alg: 'RS256', kid: 'rsa' }, 'rsa', 'c1'],
    ['an Edwards key', { alg: 'EdDSA', kid: 'ed' }, 'ed', 'c1'],
    ['an RSA key that is too short', { alg: 'RS256', kid: 'short' }, 'short', 'TOKEN_REFUSED'],
    ['a key for encryption', { alg: 'ES256', kid: 'for encryption' }, 'ec', 'TOKEN_REFUSED'],
    ['a key of another algorithm', { alg: 'ES256', kid: 'wrong alg' }, 'ec', 'TOKEN_REFUSED'],
    ['another algorithm than the key’s', { alg: 'RS256', kid: 'ec' }, 'rsa', 'TOKEN_REFUSED'],
    ['somebody else’s key', { alg: 'ES256', kid: 'ec' }, 'rsa', 'TOKEN_REFUSED'],
    ['no algorithm', { alg: 'none', kid: 'ec' }, 'ec', 'TOKEN_REFUSED'],
    ['an extension', { crit: ['b64'], b64: false }, 'ec', 'TOKEN_REFUSED'],
  ])('a token signed by %s: %j', async (_what, header, by, expected) => {
    expect(await verdict(token(header, {}, by))).toBe(expected);
  });
});

describe('beside jose', () => {
  it('accepts and refuses the same tokens as jose', async () => {
    const key = await importJWK(publicKey.export({ format: 'jwk' }) as JWK, 'ES256');
    const base = token();
    const [head, body, signature] = base.split('.') as [string, string, string];
    const texts = [
      base,
      token({}, { aud: ['other', audience] }),
      token({}, { aud: ['other'] }),
      token({}, { nbf: nowSeconds + 3_600 }),
      token({}, { nbf: nowSeconds - 3_600 }),
      token({}, { exp: nowSeconds - 3_600 }),
      token({}, { iss: 'other' }),
      token({}, {}, 'rsa'),
      `${head}.${body}`,
      `${head}.${body}.`,
      `${head}.${body}.${signature.slice(4)}`,
      `${head}.${body}.${signature}AA`,
      `${head}.${part({ ...goodClaims, sub: 'admin' })}.${signature}`,
      `${part({ alg: 'none' })}.${body}.`,
      `${part([])}.${body}.${signature}`,
      `${head}.${part('text')}.${signature}`,
      ` ${base}`,
      `${base}.x`,
    ];
    for (const text of texts) {
      const theirs = await jwtVerify(text, key, {
        issuer,
        audience,
        clockTolerance: 30,
        currentDate: new Date(nowMs),
      }).then(
        () => true,
        () => false,
      );
      expect((await verdict(text)) === 'c1', text).toBe(theirs);
    }
  });
});

it('a token is verified in the same turn once the keys are known', async () => {
  const verifier = createVerifier({ jwks, issuer, audience, clock });
  await verifier.verify(token());
  const verified = verifier.verify(token({}, { sub: 'c2' }));
  expect(verified).not.toBeInstanceOf(Promise);
  expect((verified as Caller).customerId).toBe('c2');
  expect(verifier.known(token({}, { sub: 'c3' }))).toBeNull();
});
