/**
 * JSON Web Tokens in the compact form (RFC 7519, RFC 7515), verified in one turn of the event loop. The check
 * uses no promise and no thread pool.
 */
import { type KeyObject, verify } from 'node:crypto';
import { appError } from '../errors/index.ts';

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256';

/** A parsed token. Do not trust its contents before `isSigned` returns true. */
export type SignedToken = {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The signed bytes. */
  readonly signed: Buffer;
  readonly signature: Buffer;
};

const compactForm = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/;

/**
 * Throws TOKEN_MALFORMED for text that is not a JWT. Throws TOKEN_REFUSED for a token that requires an
 * extension (`crit`).
 */
export function readToken(token: string): SignedToken {
  const [, head, body, signature] = compactForm.exec(token) ?? [];
  if (head === undefined || body === undefined || signature === undefined)
    throw malformed('its form is wrong');
  const { alg, kid, typ, crit } = readObject(head, 'header');
  if (typeof alg !== 'string') throw malformed('it names no algorithm');
  if (kid !== undefined && typeof kid !== 'string') throw malformed('its kid is not text');
  if (typ !== undefined && typeof typ !== 'string') throw malformed('its typ is not text');
  if (crit !== undefined) throw appError('TOKEN_REFUSED', { reason: 'it requires an extension (crit)' });
  return {
    alg,
    kid,
    typ,
    claims: readObject(body, 'payload'),
    signed: Buffer.from(`${head}.${body}`, 'latin1'),
    signature: Buffer.from(signature, 'base64url'),
  };
}

/** Whether this key signed the token. The key must be one for the token's algorithm. */
export function isSigned({ alg, signed, signature }: SignedToken, key: KeyObject): boolean {
  switch (alg as Algorithm) {
    case 'ES256':
      return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
    case 'EdDSA':
      return verify(null, signed, key, signature);
    case 'RS256':
      return verify('sha256', signed, key, signature);
  }
}

function readObject(part: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch (cause) {
    throw appError('TOKEN_MALFORMED', { reason: `its ${what} is not JSON` }, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`its ${what} is not a JSON object`);
  return value as Record<string, unknown>;
}

function malformed(reason: string): Error {
  return appError('TOKEN_MALFORMED', { reason });
}
