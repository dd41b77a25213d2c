/**
 * One attempt to post one message, signed according to Standard Webhooks (https://www.standardwebhooks.com).
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Clock } from '../../shared/clock/index.ts';
import { errorMessage } from '../../shared/errors/index.ts';
import { signWebhook } from '../../shared/standard-webhooks/index.ts';
import { type AttemptResult, parseRetryAfter } from '../delivery/attempt.ts';
import type { Endpoint } from '../endpoints.ts';
import { type AddressGuard, AddressRefusedError } from './address-guard.ts';

/** The response body is discarded up to this size. A longer body closes the connection. */
const answerBytesMax = 64_000;
/** The time limit from the status line to the end of the body. */
const answerBodyMs = 1_000;
/** Maximum number of idle connections that are kept open to one host. */
const idleSocketsMax = 4;

interface WebhookMessage {
  /** The event id: the same on every attempt, and for every endpoint. */
  id: string;
  payload: string;
}

export interface WebhookPoster {
  /** Never throws: every failure is a result. */
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
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };

  return {
    async post(endpoint, message) {
      try {
        const url = allowedUrl(endpoint.url, guard);
        const headers = signedHeaders(endpoint, message, clock.nowMs());
        const lookup = guard.lookup(url.scheme, endpoint.customerId);
        const answer = await send(
          url,
          { agent: agents[url.scheme], lookup },
          headers,
          message.payload,
          timeoutMs,
        );
        return resultOf(answer, clock.nowMs());
      } catch (error) {
        // Every failure to reach a receiver is a result: it is written to the delivery's row and retried.
        return failed(error);
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

/**
 * A host that is an address is never resolved, so it is checked here. A name is checked when it is resolved.
 */
function allowedUrl(text: string, guard: AddressGuard): AllowedUrl {
  const url = new URL(text);
  const { protocol: scheme, hostname } = url;
  if (scheme !== 'http:' && scheme !== 'https:') throw new Error(`the scheme ${scheme} is not allowed`);
  if (url.username !== '' || url.password !== '') throw new Error('a URL with credentials is not allowed');
  const address = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  if (isIP(address) !== 0 && !guard.allows(address, scheme)) throw new AddressRefusedError();
  return { url, scheme };
}

/** During a rotation there are two signatures, the new one first. A receiver accepts either. */
function signedHeaders(endpoint: Endpoint, message: WebhookMessage, nowMs: number): Record<string, string> {
  const secrets = [endpoint.secret];
  if (endpoint.previousSecret !== null && nowMs < (endpoint.previousUntilMs ?? 0))
    secrets.push(endpoint.previousSecret);
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(message.payload)),
    'user-agent': 'orderstream-webhooks/1',
    ...signWebhook(secrets, message, nowMs),
  };
}

/**
 * Returns the head of the response after its body has ended. Until then the attempt holds its slot; otherwise
 * a receiver could make us collect open connections. Redirects are not followed: they would bypass the
 * address guard and the signature.
 */
function send(
  { url, scheme }: AllowedUrl,
  connect: { agent: HttpAgent; lookup: LookupFunction },
  headers: Record<string, string>,
  payload: string,
  timeoutMs: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = scheme === 'https:' ? httpsRequest : httpRequest;
    const call = request(url, { method: 'POST', ...connect, headers });
    const timer = setTimeout(() => call.destroy(new NoAnswerError(timeoutMs)), timeoutMs);
    let head: IncomingMessage | null = null;
    call.on('response', (answer) => {
      head = answer;
      clearTimeout(timer);
      discardBody(answer);
      answer.on('end', () => resolve(answer));
    });
    // Without a listener Node drops the connection silently.
    call.on('upgrade', (answer, socket) => {
      head = answer;
      socket.destroy();
    });
    // An error after the head does not change the result.
    const settle = (error: Error): void => (head === null ? reject(error) : resolve(head));
    call.on('error', settle);
    call.on('close', () => {
      clearTimeout(timer);
      settle(new Error('the connection was closed without a response'));
    });
    call.end(payload);
  });
}

/** The receiver did not answer in time. `code` distinguishes this error from our own errors. */
class NoAnswerError extends Error {
  readonly code = 'NO_ANSWER';
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/** Discards the body, so that the connection can be reused, within a time and a size limit. */
function discardBody(answer: IncomingMessage): void {
  let bytes = 0;
  const timer = setTimeout(() => answer.destroy(), answerBodyMs);
  answer.on('close', () => clearTimeout(timer));
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > answerBytesMax) answer.destroy();
  });
  // A broken body does not change the status, which is known already.
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

function failed(error: unknown): AttemptResult {
  return {
    kind: 'failed',
    status: null,
    error: errorMessage(error),
    retryAfterMs: null,
    hostTrouble: (error as { code?: string }).code !== undefined,
  };
}
