/**
 * Reads the issuer's public keys from a file or over http(s). Size and time have limits. Every key is checked
 * before use.
 */
import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basicAuth, takeLogin } from '../config/index.ts';
import type { Algorithm } from './signed-token.ts';

export type PublicKeys = {
  /** The key for a token of this algorithm and `kid`. Null if no key or more than one key matches. */
  find(alg: Algorithm, kid: string | undefined): KeyObject | null;
  readonly kids: ReadonlySet<string>;
  readonly count: number;
  /** The key set as it was read. */
  readonly text: string;
};

type PublicKey = {
  readonly key: KeyObject;
  readonly alg: Algorithm;
  readonly kid: string | undefined;
};

const fetchTimeoutMs = 3000;
const bytesMax = 64 * 1024;
const keysMax = 50;
const rsaBitsMin = 2048;
const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** Returns the fault of a key source, or null. Over plain http an attacker on the network could insert a key. */
export function sourceFault(source: string): string | null {
  if (!/^http:/i.test(source)) return null;
  return loopbackHost.test(new URL(source).hostname)
    ? null
    : 'The key set must come over https; plain http is allowed only from this machine';
}

/**
 * Rejects with a reason if the keys cannot be read or are not a valid key set. Returns `before` itself if nothing
 * changed since then.
 */
export async function loadKeys(source: string, before?: PublicKeys): Promise<PublicKeys> {
  const bytes = isUrl(source) ? await fetchBytes(source) : await readBytes(source);
  const text = bytes.toString('utf8');
  return before?.text === text ? before : parseKeys(text);
}

/** Whether the keys come over the network, and not from a file. */
export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

async function fetchBytes(source: string): Promise<Buffer> {
  const { url, login } = takeLogin(source, 'JWKS');
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(fetchTimeoutMs),
    headers: { accept: 'application/jwk-set+json, application/json', ...basicAuth(login) },
  });
  try {
    if (!response.ok) throw new Error(`the key server answered ${response.status}`);
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body ?? []) {
      length += part.byteLength;
      if (length > bytesMax) throw tooLong();
      parts.push(part);
    }
    return Buffer.concat(parts);
  } finally {
    // This stops reading the rest of the body. A body that was read to its end needs no cancel.
    if (!response.bodyUsed) await response.body?.cancel();
  }
}

async function readBytes(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytesMax + 1), 0, bytesMax + 1, 0);
    if (bytesRead > bytesMax) throw tooLong();
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function tooLong(): Error {
  return new Error(`the key set is longer than ${bytesMax} bytes`);
}

function parseKeys(text: string): PublicKeys {
  const { keys } = JSON.parse(text) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > keysMax) {
    throw new Error(`a key set has 1 to ${keysMax} keys`);
  }
  const usable = keys.flatMap((entry: unknown) => readKey(entry) ?? []);
  // An issuer may also publish keys for other purposes. Without one for signatures, no token can be verified.
  if (usable.length === 0) throw new Error('the key set has no key for token verification');
  return {
    find(alg, kid) {
      const fitting = usable.filter((one) => one.alg === alg && (kid === undefined || one.kid === kid));
      return fitting.length === 1 ? fitting[0]!.key : null;
    },
    kids: new Set(usable.flatMap(({ kid }) => kid ?? [])),
    text,
    count: usable.length,
  };
}

/** Null for a key with another purpose or type. Throws for a key that must not be public. */
function readKey(entry: unknown): PublicKey | null {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    throw new Error('the key set has an entry that is not a key');
  const jwk = entry as Record<string, unknown>;
  // A shared secret or a private key here means that the issuer publishes a secret.
  if (jwk['kty'] === 'oct' || 'd' in jwk || 'k' in jwk)
    throw new Error('the key set has a key that is not public');
  const alg = algorithmOf(jwk);
  if (alg === null || !isForVerifying(jwk, alg)) return null;
  const key = createPublicKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' });
  if (alg === 'RS256' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < rsaBitsMin) return null;
  return { key, alg, kid: typeof jwk['kid'] === 'string' ? jwk['kid'] : undefined };
}

function algorithmOf({ kty, crv }: Record<string, unknown>): Algorithm | null {
  if (kty === 'EC' && crv === 'P-256') return 'ES256';
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA';
  return kty === 'RSA' ? 'RS256' : null;
}

function isForVerifying({ use, alg, key_ops: uses }: Record<string, unknown>, expected: Algorithm): boolean {
  if (use !== undefined && use !== 'sig') return false;
  // RFC 9864 names the curve; RFC 8037 named the family.
  if (alg !== undefined && alg !== expected && !(expected === 'EdDSA' && alg === 'Ed25519')) return false;
  return uses === undefined || (Array.isArray(uses) && uses.includes('verify'));
}
