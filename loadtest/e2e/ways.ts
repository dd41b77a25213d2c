/**
 * Follows the outcome of an order over HTTP, like a client. It polls the status, or reads the stream of events.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Connection, openConnection, openSocket } from '../client/connection.ts';
import type { Target } from '../client/job.ts';

export type Way = 'poll' | 'stream';

export interface Follower {
  /** Follows the order of a 202 response until the API shows its outcome. */
  follow(accepted: Answer, dueMs: number): void;
  /** Resolves when all orders have their outcomes. Returns the due time of each order and the time of its outcome. */
  finish(): Promise<readonly Shown[]>;
}

export interface Shown {
  readonly dueMs: number;
  readonly shownMs: number;
}

const pollEveryMs = 20;
const outcomeDeadlineMs = 60_000;
const statusUrlField = /"statusUrl":"([^"?]+)(\?[^"]*)"/;

/** Creates a follower. All its orders must belong to the customer of this token. */
export function createFollower(way: Way, target: Target, token: string): Follower {
  const shown: Shown[] = [];
  const running = new Set<Promise<void>>();
  let failure: Error | null = null;
  const poll = createPoll(target, token);
  const followOne = async (path: string, query: string, dueMs: number): Promise<void> => {
    if (way === 'poll') await poll.untilDecided(path + query);
    else await readStream(target, token, `${path}/events${query}`);
    shown.push({ dueMs, shownMs: performance.now() });
  };
  return {
    follow({ body }, dueMs) {
      const [, path, query] = statusUrlField.exec(body) ?? [];
      const one = followOne(path!, query!, dueMs)
        .catch((error: Error) => {
          failure ??= error;
        })
        .finally(() => running.delete(one));
      running.add(one);
    },
    async finish() {
      await Promise.all(running);
      poll.close();
      if (failure !== null) throw failure;
      return shown;
    },
  };
}

function requestOf(path: string, token: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\n\r\n`);
}

interface Poller {
  readonly connection: Connection;
  onAnswer: (answer: Answer) => void;
  onBroken: (reason: Error) => void;
}

/** Polls over keep-alive connections. It opens as many connections as there are polls at the same time. */
function createPoll(target: Target, token: string) {
  const idle: Poller[] = [];
  const all: Poller[] = [];
  const open = async (): Promise<Poller> => {
    const connection = await openConnection(target, {
      onAnswer: (answer) => poller.onAnswer(answer),
      onBroken: (reason) => poller.onBroken(new Error(reason)),
    });
    const poller: Poller = { connection, onAnswer: () => undefined, onBroken: () => undefined };
    all.push(poller);
    return poller;
  };
  const ask = async (request: Buffer): Promise<Answer> => {
    const poller = idle.pop() ?? (await open());
    const answer = await new Promise<Answer>((resolve, reject) => {
      poller.onAnswer = resolve;
      poller.onBroken = reject;
      poller.connection.send(request);
    });
    idle.push(poller);
    return answer;
  };
  return {
    async untilDecided(url: string): Promise<void> {
      const request = requestOf(url, token);
      const untilMs = performance.now() + outcomeDeadlineMs;
      while (performance.now() < untilMs) {
        const { status, body } = await ask(request);
        if (status !== 200) throw new Error(`a poll got the response ${status}: ${body.slice(0, 200)}`);
        if (!body.includes('"status":"QUEUED"')) return;
        await sleep(pollEveryMs);
      }
      throw new Error(`an order was queued for ${outcomeDeadlineMs} ms`);
    },
    close() {
      for (const { connection } of all) connection.close();
    },
  };
}

/** Resolves with the first event that is no longer QUEUED. */
async function readStream(target: Target, token: string, url: string): Promise<void> {
  const decided = Promise.withResolvers<void>();
  let received = '';
  const socket = await openSocket(target, (text) => {
    received += text;
    if (!received.startsWith('HTTP/1.1 200'))
      decided.reject(new Error(`a stream got the response ${received}`));
    if (received.includes('"status":"PENDING_PAYMENT"')) decided.resolve();
  });
  socket.once('error', decided.reject);
  socket.once('close', () => decided.reject(new Error('a stream was closed before the outcome')));
  socket.write(requestOf(url, token));
  try {
    await decided.promise;
  } finally {
    socket.destroy();
  }
}
