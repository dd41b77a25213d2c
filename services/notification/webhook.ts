/** One try to post one message, signed as Standard Webhooks says (https://www.standardwebhooks.com). */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Clock } from '../shared/clock/index.ts';
import { errorMessage } from '../shared/errors/index.ts';
import type { AddressGuard } from './address-guard.ts';
import { type AttemptResult, parseRetryAfter } from './attempt.ts';
import type { Endpoint } from './endpoints.ts';

/** An answer's body is not read for its content; past this its connection is cut. */
const answerBytesMax = 64_000;
/** Kept-alive connections of one host that wait for the next message. */
const idleSocketsMax = 4;

export interface WebhookMessage {
  /** The event id: the same on every try, and for every endpoint. */
  id: string;
  payload: string;
}

export interface WebhookPoster {
  /** Never throws: whatever goes wrong is a result. */
  post(endpoint: Endpoint, message: WebhookMessage): Promise<AttemptResult>;
  close(): void;
}

export function createWebhookPoster(deps: {
  guard: AddressGuard;
  clock: Clock;
  timeoutMs: number;
}): WebhookPoster {
  const { guard, clock, timeoutMs } = deps;
  const options = { keepAlive: true, maxFreeSockets: idleSocketsMax, timeout: timeoutMs };
  const agents = {
    'http:': new HttpAgent({ ...options, lookup: guard.lookup('http:') } as ConstructorParameters<
      typeof HttpAgent
    >[0]),
    'https:': new HttpsAgent({ ...options, lookup: guard.lookup('https:') } as ConstructorParameters<
      typeof HttpsAgent
    >[0]),
  };

  return {
    async post(endpoint, message) {
      try {
        const url = allowedUrl(endpoint.url, guard);
        const headers = signedHeaders(endpoint, message, clock.nowMs());
        const answer = await send(url, agents[url.scheme], headers, message.payload, timeoutMs);
        return resultOf(answer, clock.nowMs());
      } catch (error) {
        // Every failure to reach a receiver is a result: it is written to the delivery's row and tried again.
        return failed(error, timeoutMs);
      }
    },
    close() {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}

interface AllowedUrl {
  url: URL;
  scheme: 'http:' | 'https:';
}

/** A host that is an address is never resolved, so it is checked here; a name is checked when it is resolved. */
function allowedUrl(text: string, guard: AddressGuard): AllowedUrl {
  const url = new URL(text);
  const { protocol: scheme, hostname } = url;
  if (scheme !== 'http:' && scheme !== 'https:') throw new Error(`the scheme ${scheme} is not allowed`);
  if (url.username !== '' || url.password !== '') throw new Error('a URL with credentials is not allowed');
  const address = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  if (isIP(address) !== 0 && !guard.allows(address, scheme)) throw new Error('this address is not allowed');
  return { url, scheme };
}

/** While a secret rotates there are two signatures, the new one first; a receiver accepts either. */
function signedHeaders(endpoint: Endpoint, message: WebhookMessage, nowMs: number): Record<string, string> {
  const at = new Date(nowMs);
  const secrets = [endpoint.secret];
  if (endpoint.previousSecret !== null && nowMs < (endpoint.previousUntilMs ?? 0))
    secrets.push(endpoint.previousSecret);
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(message.payload)),
    'user-agent': 'orderstream-webhooks/1',
    'webhook-id': message.id,
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    'webhook-signature': secrets
      .map((secret) => new Webhook(secret).sign(message.id, at, message.payload))
      .join(' '),
  };
}

/** The head of the answer. Redirects are not followed: they would lead around the guard and the signature. */
function send(
  { url, scheme }: AllowedUrl,
  agent: HttpAgent,
  headers: Record<string, string>,
  payload: string,
  timeoutMs: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = scheme === 'https:' ? httpsRequest : httpRequest;
    const call = request(url, { method: 'POST', agent, headers, signal: AbortSignal.timeout(timeoutMs) });
    call.on('response', (answer) => {
      discardBody(answer);
      resolve(answer);
    });
    call.on('error', reject);
    call.end(payload);
  });
}

/** Reads the body away, so that the connection can be used again, but not for ever. */
function discardBody(answer: IncomingMessage): void {
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > answerBytesMax) answer.destroy();
  });
  // The status has been taken already; a body that breaks off changes nothing.
  answer.on('error', () => answer.destroy());
}

function resultOf(answer: IncomingMessage, nowMs: number): AttemptResult {
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  if (status === 410) return { kind: 'gone', status };
  const asksForPause = status === 429 || status === 503;
  return {
    kind: 'failed',
    status,
    error:
      status >= 300 && status < 400 ? `answered ${status}; redirects are not followed` : `answered ${status}`,
    retryAfterMs: asksForPause ? parseRetryAfter(answer.headers['retry-after'], nowMs) : null,
    hostTrouble: asksForPause || status >= 500,
  };
}

function failed(error: unknown, timeoutMs: number): AttemptResult {
  const { name, code } = error as { name?: string; code?: string };
  const timedOut = name === 'TimeoutError' || name === 'AbortError';
  return {
    kind: 'failed',
    status: null,
    error: timedOut ? `no answer within ${timeoutMs} ms` : errorMessage(error),
    retryAfterMs: null,
    hostTrouble: timedOut || code !== undefined,
  };
}
