import type { Agent } from 'node:https';
import { basicAuth } from '../../config/index.ts';
import { errorMessage } from '../../errors/index.ts';
import { request } from '../../http-client/index.ts';
import { tlsFault } from '../../tls/index.ts';
import { type Token, tokenIn } from './token.ts';
import { tokenError } from './token-error.ts';

export interface TokenEndpoint {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Null to ask for the default scope of the client. */
  readonly scope: string | null;
  /** For https; null for the authorities that Node trusts. */
  readonly agent: Agent | null;
}

const timeoutMs = 4_000;
const answerBytesMax = 64 * 1024;
const tlsSettings = {
  address: 'the host in KAFKA_SASL_OAUTH_TOKEN_URL',
  encryption: 'KAFKA_SASL_OAUTH_TOKEN_URL',
  ca: 'KAFKA_SASL_OAUTH_CA',
  cert: 'KAFKA_SASL_OAUTH_TOKEN_URL',
};

/**
 * Requests a token with the client credentials grant (RFC 6749, section 4.4). Throws KAFKA_TOKEN_UNAVAILABLE, which
 * names the endpoint and its error code, and never the secret or the answer.
 */
export async function fetchToken({
  url,
  clientId,
  clientSecret,
  scope,
  agent,
}: TokenEndpoint): Promise<Token> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope === null ? {} : { scope }),
  });
  // RFC 6749, section 2.3.1: both parts are encoded like a form before they become basic authentication.
  const login = { username: formEncoded(clientId), password: formEncoded(clientSecret) };
  const sent = {
    method: 'POST',
    headers: {
      ...basicAuth(login),
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: form.toString(),
    timeoutMs,
    bytesMax: answerBytesMax,
    agent,
  } as const;
  const answer = await request(url, sent).catch((error: unknown) => {
    throw tokenError(`${url}: ${tlsFault(error, tlsSettings) ?? errorMessage(error)}`, error);
  });
  if (answer.status !== 200)
    throw tokenError(`${url} answered with status ${answer.status}${codeIn(answer.text)}`);
  return tokenOf(answer.text, url);
}

function tokenOf(text: string, url: string): Token {
  const { access_token: given, expires_in: seconds } = objectIn(text);
  const value = typeof given === 'string' ? tokenIn(given) : null;
  if (value === null) throw tokenError(`${url} answered without an access_token`);
  const isLifetime = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return { value, lifetimeMs: isLifetime ? seconds * 1000 : null };
}

/** The error code of the answer (RFC 6749, section 5.2). Other parts of the answer may repeat what was sent. */
function codeIn(text: string): string {
  const { error } = objectIn(text);
  return typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` (${error})` : '';
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    // The page of a proxy is no answer of the endpoint. The caller reports that the token is missing.
    return {};
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
