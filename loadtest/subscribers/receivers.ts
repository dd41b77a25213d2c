/**
 * Webhook receivers, each on its own port. For the sender, each receiver is a separate host with its own limit and
 * circuit breaker.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The accepted posts of one order. */
interface Arrival {
  /** Arrival of the first post, in epoch ms with fractions. */
  readonly firstMs: number;
  readonly receiver: number;
  readonly webhookIds: Set<string>;
  posts: number;
}

export interface Receivers {
  readonly urls: readonly string[];
  /** The arrivals by order id. */
  readonly arrivals: ReadonlyMap<string, Arrival>;
  /** Makes the first receiver delay each response by `ms`. */
  hangFirst(ms: number): void;
  /** Ends the delay. The first receiver responds to waiting posts, and to later posts at once. */
  release(): void;
  close(): Promise<void>;
}

interface Post {
  readonly body: string;
  readonly receiver: number;
  readonly webhookId: string;
}

const orderIdField = /"id":"([0-9a-f-]{36})"/;

export async function openReceivers(count: number): Promise<Receivers> {
  const arrivals = new Map<string, Arrival>();
  const waiting = new Map<ServerResponse, { post: Post; timer: NodeJS.Timeout }>();
  let hangMs = 0;
  const answer = (response: ServerResponse, post: Post): void => {
    clearTimeout(waiting.get(response)?.timer);
    waiting.delete(response);
    // If the sender closed the connection meanwhile, it retries.
    if (response.destroyed) return;
    take(arrivals, post);
    response.writeHead(204).end();
  };

  const servers = Array.from({ length: count }, (_, receiver) =>
    createServer((request, response) => {
      let body = '';
      request.setEncoding('latin1');
      request.on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        const post = { body, receiver, webhookId: String(request.headers['webhook-id']) };
        if (receiver > 0 || hangMs === 0) answer(response, post);
        else waiting.set(response, { post, timer: setTimeout(answer, hangMs, response, post) });
      });
    }),
  );
  const urls = await Promise.all(servers.map(listen));
  return {
    urls,
    arrivals,
    hangFirst(ms) {
      hangMs = ms;
    },
    release() {
      hangMs = 0;
      for (const [response, { post }] of [...waiting]) answer(response, post);
    },
    async close() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

function take(arrivals: Map<string, Arrival>, { body, receiver, webhookId }: Post): void {
  const nowMs = performance.timeOrigin + performance.now();
  const orderId = orderIdField.exec(body)?.[1] ?? body.slice(0, 80);
  const arrival = arrivals.get(orderId) ?? { firstMs: nowMs, receiver, webhookIds: new Set(), posts: 0 };
  arrival.posts += 1;
  arrival.webhookIds.add(webhookId);
  arrivals.set(orderId, arrival);
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}
