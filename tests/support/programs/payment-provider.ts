/** The local payment provider as a child process, with its adapter and a receiver of its callbacks. */
import { spawn } from 'node:child_process';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createLocalProvider, type PaymentEvent } from '../../../services/shared/payment-provider/index.ts';
import { keepLine } from '../records/kept-logs.ts';

const entry = path.resolve(import.meta.dirname, '../../../stack/payment-provider/main.ts');

export const providerKey = 'local-provider-key-of-tests';
/** The first secret of its callbacks. */
export const signingSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

export interface ProviderProcess {
  readonly url: string;
  /** Sends the signal; resolves with its exit code, null if the signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the provider on this file; resolves once it listens. */
export async function spawnProvider(options: {
  readonly file: string;
  readonly callbackUrl: string;
  /** The same port again after a restart; 0 takes any free one. */
  readonly port?: number;
  readonly key?: string;
  /** The first secret of its callbacks. */
  readonly signingSecret?: string;
}): Promise<ProviderProcess> {
  const { file, callbackUrl, port = 0, key = providerKey, signingSecret: secret = signingSecret } = options;
  const child = spawn(process.execPath, [entry], {
    env: {
      ...process.env,
      PORT: String(port),
      PROVIDER_FILE: file,
      PROVIDER_KEY: key,
      SIGNING_SECRET: secret,
      CALLBACK_URL: callbackUrl,
      ADMIN_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      keepLine(line);
      const listening = /"url":"(http[^"]+)"/.exec(line)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    void ended.then((code) => reject(new Error(`the provider ended with ${code}`)));
  });
  return {
    url,
    end(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
}

/** The adapter as the product has it. */
export function adapterOf(url: string, timeoutMs = 2_000, callbackSecrets = [signingSecret]) {
  return createLocalProvider({ url, key: providerKey, callbackSecrets, timeoutMs });
}

/** One call of the provider's own controls, for example PUT /v1/faults. Returns the body of its answer. */
export async function control(url: string, method: string, at: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${url}${at}`, {
    method,
    headers: { authorization: `Bearer ${providerKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`the provider answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** Pays on the page of a session, as a customer's browser does. Returns the status and the body of the answer. */
export async function payOnPage(
  sessionUrl: string,
  body: { result: 'paid' | 'declined' | 'failed'; amount?: number; times?: number },
): Promise<{ status: number; payments: string[] }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(sessionUrl, { method: 'POST', headers, body: JSON.stringify(body) });
  const { payments = [] } = (await answer.json()) as { payments?: string[] };
  return { status: answer.status, payments };
}

interface ReceivedCallback {
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
}

export interface CallbackReceiver {
  readonly url: string;
  /** Accepted callbacks in the order of their arrival. */
  readonly received: readonly ReceivedCallback[];
  /** Events of the accepted callbacks; throws for a callback that the adapter refuses. */
  events(secrets?: string[]): PaymentEvent[];
  /** The next requests get these statuses; later ones get 200. */
  answerNext(...statuses: number[]): void;
  close(): Promise<void>;
}

export async function receiveCallbacks(listen: ListenOptions = { port: 0 }): Promise<CallbackReceiver> {
  const received: ReceivedCallback[] = [];
  const statuses: number[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const status = statuses.shift() ?? 200;
    if (status === 200) received.push({ headers: request.headers, raw: Buffer.concat(chunks) });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', ...listen }, resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks`,
    received,
    events(secrets) {
      const adapter = adapterOf('http://127.0.0.1:1', 1, secrets);
      return received.flatMap(({ headers, raw }) => {
        const reading = adapter.readCallback(headers, raw, Date.now());
        if (reading.kind !== 'read') throw new Error(`${reading.kind}: ${reading.reason}`);
        return reading.events;
      });
    },
    answerNext: (...next) => void statuses.push(...next),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
