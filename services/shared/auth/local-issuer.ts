import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';

const localIssuer = 'orderstream-local';
const localAudience = 'orderstream';

export type LocalIssuer = {
  issuer: string;
  audience: string;
  /** The public keys, for a verifier. */
  jwksPath: string;
  sign(claims: { customerId: string; scopes: readonly string[]; ttlSeconds?: number }): Promise<string>;
};

const privateMode = 0o600;

/**
 * An issuer for local runs and tests. It creates its ES256 key in `dir` at first use and reads it later.
 * Several processes may start at once. They all use the first key that is written.
 */
export async function createLocalIssuer(dir: string): Promise<LocalIssuer> {
  await mkdir(dir, { recursive: true });
  const keyPath = join(dir, 'issuer-key.json');
  const jwk = (await readKey(keyPath)) ?? (await makeKey(keyPath));
  const key = await importJWK(jwk, 'ES256');
  const jwksPath = join(dir, 'jwks.json');
  const { d: _private, ...publicKey } = jwk;
  await placeFile(jwksPath, JSON.stringify({ keys: [publicKey] }), 0o644);
  return {
    issuer: localIssuer,
    audience: localAudience,
    jwksPath,
    sign: ({ customerId, scopes, ttlSeconds = 3600 }) =>
      new SignJWT({ scope: scopes.join(' ') })
        .setProtectedHeader({ alg: 'ES256', kid: jwk.kid, typ: 'at+jwt' })
        .setIssuer(localIssuer)
        .setAudience(localAudience)
        .setSubject(customerId)
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + ttlSeconds)
        .sign(key),
  };
}

async function readKey(path: string): Promise<JWK | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as JWK;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function makeKey(path: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const named = { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' };
  await placeFile(path, JSON.stringify(named), privateMode);
  return JSON.parse(await readFile(path, 'utf8')) as JWK;
}

/** Writes a whole file unless it exists. The link either succeeds or fails because the name exists. */
async function placeFile(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, text, { mode, flag: 'wx' });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
