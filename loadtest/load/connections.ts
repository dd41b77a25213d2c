/**
 * Sends requests over as many connections as there are requests in flight. A request waits only while a connection opens,
 * or while the maximum number is open.
 */
import { type Answer, type Connection, fieldOf, openConnection } from '../client/connection.ts';
import type { Target } from '../client/job.ts';

export interface Call {
  /** Makes the bytes at the moment of sending. */
  encode(): Uint8Array;
  /** The bytes are on their way. */
  onSent(): void;
  onAnswer(answer: Answer): void;
  /** No answer came. The server may have read the request or not. */
  onFailed(reason: string): void;
  /** The call was not sent, because the caller dropped it. */
  onDropped(): void;
}

export interface Connections {
  send(call: Call): void;
  /** Calls that wait for a connection or an answer. */
  open(): number;
  /** Milliseconds since the last answer, while calls are open; otherwise 0. */
  silentMs(): number;
  /** The last reason why a call or a connection failed; null after an answer. */
  trouble(): string | null;
  /** Drops the calls that wait for a connection. */
  dropWaiting(): void;
  /** Fails the calls that wait for an answer. */
  close(): void;
}

interface Client {
  readonly connection: Connection;
  /** The call in flight. */
  call: Call | null;
  /** When the call was sent or the connection became idle. */
  sinceMs: number;
}

const connectionsMax = 1_000;
const answerMsMax = 30_000;
/** Maximum idle time. Later a server or proxy may close the connection, and a request on it would fail. */
const idleMsMax = 4_000;
const openAgainMs = 200;
const checkMs = 250;

interface Pool {
  readonly target: Target;
  readonly idle: Client[];
  readonly busy: Set<Client>;
  /** Calls that wait for a connection, from `queueFrom` on. */
  queue: Call[];
  queueFrom: number;
  /** Number of connections that are not open yet. */
  opening: number;
  notBeforeMs: number;
  silentSinceMs: number;
  trouble: string | null;
  isClosed: boolean;
}

/** Connections are opened when the first calls need them. */
export function openConnections(target: Target): Connections {
  const pool: Pool = {
    target,
    idle: [],
    busy: new Set(),
    queue: [],
    queueFrom: 0,
    opening: 0,
    notBeforeMs: 0,
    silentSinceMs: 0,
    trouble: null,
    isClosed: false,
  };
  const check = setInterval(() => endLateCalls(pool), checkMs);
  return {
    send(call) {
      if (openCalls(pool) === 0) pool.silentSinceMs = performance.now();
      pool.queue.push(call);
      start(pool);
    },
    open: () => openCalls(pool),
    silentMs: () => (openCalls(pool) === 0 ? 0 : performance.now() - pool.silentSinceMs),
    trouble: () => pool.trouble,
    dropWaiting() {
      const dropped = pool.queue.slice(pool.queueFrom);
      emptyQueue(pool);
      for (const call of dropped) call.onDropped();
    },
    close() {
      pool.isClosed = true;
      clearInterval(check);
      for (const client of pool.busy) fail(pool, client, 'the run ended');
      for (const { connection } of pool.idle) connection.close();
    },
  };
}

/** Sends waiting calls on idle connections, and opens the connections that are missing. */
function start(pool: Pool): void {
  if (pool.isClosed) return;
  const { idle, queue } = pool;
  while (waiting(pool) > 0 && idle.length > 0) {
    const client = idle.pop()!;
    if (performance.now() - client.sinceMs > idleMsMax) client.connection.close();
    else sendOn(pool, client, queue[pool.queueFrom++]!);
  }
  if (waiting(pool) === 0) emptyQueue(pool);
  if (performance.now() < pool.notBeforeMs) return;
  const room = connectionsMax - pool.busy.size - pool.opening;
  const missing = Math.min(waiting(pool) - pool.opening, room);
  for (let i = 0; i < missing; i++) void openOne(pool);
}

function sendOn(pool: Pool, client: Client, call: Call): void {
  client.call = call;
  client.sinceMs = performance.now();
  pool.busy.add(client);
  client.connection.send(call.encode());
  call.onSent();
}

async function openOne(pool: Pool): Promise<void> {
  pool.opening += 1;
  try {
    const connection = await openConnection(pool.target, {
      onAnswer: (answer) => takeAnswer(pool, client, answer),
      onBroken: (reason) => fail(pool, client, reason),
    });
    const client: Client = { connection, call: null, sinceMs: performance.now() };
    if (pool.isClosed) connection.close();
    else pool.idle.push(client);
  } catch (error) {
    pool.trouble = (error as Error).message || String((error as NodeJS.ErrnoException).code);
    pool.notBeforeMs = performance.now() + openAgainMs;
  }
  pool.opening -= 1;
  start(pool);
}

function takeAnswer(pool: Pool, client: Client, answer: Answer): void {
  const call = release(pool, client);
  if (call === null) {
    // Nobody asked: the server ends an idle connection with a 408.
    retire(pool, client);
    return;
  }
  pool.trouble = null;
  pool.silentSinceMs = performance.now();
  if (fieldOf(answer, 'connection')?.toLowerCase() === 'close') client.connection.close();
  else pool.idle.push(client);
  call.onAnswer(answer);
  start(pool);
}

function fail(pool: Pool, client: Client, reason: string): void {
  retire(pool, client);
  const call = release(pool, client);
  if (call !== null) {
    pool.trouble = reason;
    call.onFailed(reason);
  }
  start(pool);
}

/** Returns the call of a connection, which then has none. */
function release(pool: Pool, client: Client): Call | null {
  const { call } = client;
  client.call = null;
  client.sinceMs = performance.now();
  pool.busy.delete(client);
  return call;
}

function retire(pool: Pool, client: Client): void {
  client.connection.close();
  const at = pool.idle.indexOf(client);
  if (at !== -1) pool.idle.splice(at, 1);
}

function endLateCalls(pool: Pool): void {
  const lateMs = performance.now() - answerMsMax;
  for (const client of pool.busy)
    if (client.sinceMs < lateMs) fail(pool, client, `no answer within ${answerMsMax / 1_000} s`);
  start(pool);
}

function waiting({ queue, queueFrom }: Pool): number {
  return queue.length - queueFrom;
}

function openCalls(pool: Pool): number {
  return waiting(pool) + pool.busy.size;
}

function emptyQueue(pool: Pool): void {
  pool.queue = [];
  pool.queueFrom = 0;
}
