/** Sends one JSON request to a provider, with limits for its time and for the bytes of the response. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { errorMessage } from '../../errors/index.ts';

export type JsonAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: unknown }
  /** No usable answer, so the effect of the request is unknown. */
  | { readonly kind: 'none'; readonly reason: string };

export interface JsonCaller {
  /** Never throws. The path begins with a slash. */
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<JsonAnswer>;
  close(): void;
}

export interface JsonCallerOptions {
  /** Base URL without a path. */
  readonly url: string;
  /** Bearer key, read for each call. */
  readonly key: string;
  /** The time limit from the call to the end of the response. */
  readonly timeoutMs: number;
}

const answerBytesMax = 1024 * 1024;
const idleSocketsMax = 8;

export function createJsonCaller(caller: JsonCallerOptions): JsonCaller {
  const { url, timeoutMs } = caller;
  const base = new URL(url);
  const isTls = base.protocol === 'https:';
  const options = { keepAlive: true, maxFreeSockets: idleSocketsMax };
  const agent = isTls ? new HttpsAgent(options) : new HttpAgent(options);
  const request = isTls ? httpsRequest : httpRequest;

  const send = (method: string, path: string, payload: string | null): Promise<JsonAnswer> =>
    new Promise((resolve) => {
      const none = (reason: string): void => resolve({ kind: 'none', reason });
      const headers: Record<string, string> = {
        authorization: `Bearer ${caller.key}`,
        accept: 'application/json',
      };
      if (payload !== null) {
        headers['content-type'] = 'application/json';
        headers['content-length'] = String(Buffer.byteLength(payload));
      }
      const call = request(new URL(path, base), { method, agent, headers });
      const timer = setTimeout(() => call.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      let isAnswered = false;
      call.on('response', (answer) => {
        isAnswered = true;
        readAnswer(answer).then(resolve, (error) => none(errorMessage(error)));
      });
      call.on('error', (error) => none(errorMessage(error)));
      call.on('close', () => {
        clearTimeout(timer);
        if (!isAnswered) none('the connection was closed without a response');
      });
      call.end(payload ?? undefined);
    });

  return {
    call: (method, path, body) => send(method, path, body === undefined ? null : JSON.stringify(body)),
    close: () => agent.destroy(),
  };
}

/** Reads the body. Rejects if it is cut off, too long, or not JSON. */
async function readAnswer(answer: IncomingMessage): Promise<JsonAnswer> {
  const status = answer.statusCode ?? 0;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Error(`the response has more than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  if (status >= 500) return { kind: 'none', reason: `the provider answered ${status}` };
  return { kind: 'answer', status, body: text === '' ? null : JSON.parse(text) };
}
