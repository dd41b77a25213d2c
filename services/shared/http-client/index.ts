/**
 * Requests to HTTP servers that the configuration names, with a certificate authority and a client certificate of
 * their own. The platform's `fetch` takes neither.
 */
import http from 'node:http';
import https from 'node:https';
import type { TlsMaterial } from '../tls/index.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Maximum time from the first byte sent to the last byte received. */
  readonly timeoutMs: number;
  /** An answer with a larger body is an error. Default 16 MiB. */
  readonly bytesMax?: number;
  /** From `httpsAgent`; null or undefined for http, and for a server that Node's authorities verify. */
  readonly agent?: https.Agent | null;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

const answerBytesMax = 16 * 1024 * 1024;

/** An agent that verifies servers with `ca` and presents the certificate `cert`. It keeps no idle connections. */
export function httpsAgent(tls: TlsMaterial): https.Agent {
  return new https.Agent({ ...tls });
}

/**
 * Sends one request to an http or https URL without a login. It follows no redirect, so that a login in `headers`
 * reaches only this server. Rejects with the error of the connection. Rejects with an Error if the answer is too large,
 * or takes longer than `timeoutMs`.
 */
export function request(
  url: string,
  { method, headers, body, timeoutMs, bytesMax = answerBytesMax, agent }: HttpRequest,
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const client = url.startsWith('https:') ? https : http;
  const sent = client.request(url, { method, headers, agent: agent ?? undefined }, (answer) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    answer.on('data', (part: Buffer) => {
      bytes += part.length;
      parts.push(part);
      if (bytes > bytesMax) sent.destroy(new Error(`the answer has more than ${bytesMax} bytes`));
    });
    answer.on('error', reject);
    answer.on('end', () =>
      resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
    );
  });
  const late = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  sent.on('error', reject);
  sent.end(body);
  return promise.finally(() => clearTimeout(late));
}
