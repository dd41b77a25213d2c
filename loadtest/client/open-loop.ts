/**
 * An open loop: a request is due every 1/perSecond, even while earlier requests have no response. Its latency counts
 * from the due time. So the stall of a server adds to the latency of every request that was due meanwhile. Every
 * request that was due in the measured time counts, even if its response is late.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createCallbackMaker } from './callbacks.ts';
import { describe } from './closed-loop.ts';
import { type Answer, type Connection, openConnection } from './connection.ts';
import type { OpenJob } from './job.ts';
import type { Recorder } from './recorder.ts';
import { createRequestMaker, type NextRequest } from './requests.ts';

/** Maximum number of requests that wait for a connection or a response. With more, the server cannot keep up. */
const openRequestsMax = 20_000;
const connectionsMax = 2_000;
const connectionsFirst = 64;
const tickMs = 1;
/** Maximum wait for the last responses of a run. */
const drainMs = 15_000;

interface Client {
  readonly connection: Connection;
  readonly next: NextRequest;
  /** Whether a request of this connection is in flight. */
  busy: boolean;
  dueMs: number;
}

export interface OpenRun extends Omit<OpenJob, 'kind'> {
  /** Called with each expected response and the due time of its request. */
  readonly onAnswer?: (answer: Answer, dueMs: number) => void;
}

/** Runs the warm-up and the measured time. Resolves when the last response has arrived. */
export async function driveOpen(job: OpenRun, recorder: Recorder): Promise<void> {
  const { tokens } = job;
  const { maker, isExpected } = requestsOf(job);
  const idle: Client[] = [];
  const queue: number[] = [];
  let queueFrom = 0;
  let opened = 0;
  let opening = 0;
  let underWay = 0;
  let measureFromMs = Number.POSITIVE_INFINITY;

  const take = (client: Client, answer: Answer): void => {
    client.busy = false;
    const ms = performance.now() - client.dueMs;
    const measured = client.dueMs >= measureFromMs;
    underWay -= 1;
    if (isExpected(answer)) {
      recorder.done(ms, 1, measured);
      job.onAnswer?.(answer, client.dueMs);
    } else if (answer.status === 503 && job.refusalsCount) recorder.refused(ms, measured);
    else recorder.failed(describe(answer));
    idle.push(client);
    start();
  };
  const openOne = async (): Promise<void> => {
    const next = maker.requestsOf(tokens[opened++ % tokens.length]!);
    const connection = await openConnection(job.target, {
      onAnswer: (answer) => (client.busy ? take(client, answer) : retire(idle, client)),
      onBroken: (reason) => (client.busy ? recorder.failed(reason) : retire(idle, client)),
    });
    const client = { connection, next, busy: false, dueMs: 0 };
    idle.push(client);
  };
  const open = async (count: number): Promise<void> => {
    opening += count;
    await Promise.all(Array.from({ length: count }, openOne));
    opening -= count;
    start();
  };
  const waiting = (): number => queue.length - queueFrom;
  const start = (): void => {
    while (waiting() > 0 && idle.length > 0) {
      const client = idle.pop()!;
      client.dueMs = queue[queueFrom++]!;
      client.busy = true;
      underWay += 1;
      client.connection.send(client.next());
    }
    if (waiting() === 0 && queueFrom > 0) {
      queue.length = 0;
      queueFrom = 0;
    }
    const missing = Math.min(waiting() - opening, connectionsMax - opened);
    if (missing > 0) open(missing).catch((error: Error) => recorder.failed(error.message));
  };

  await open(connectionsFirst);
  const beganMs = performance.now();
  measureFromMs = beganMs + job.warmUpMs;
  const endsMs = measureFromMs + job.measureMs;
  const dueOf = (index: number): number => beganMs + (index * 1_000) / job.perSecond;
  let asked = 0;
  while (performance.now() < endsMs && recorder.problem() === null) {
    const nowMs = performance.now();
    if (nowMs >= measureFromMs && !recorder.measuring()) recorder.begin();
    for (; dueOf(asked) <= nowMs; asked++) queue.push(dueOf(asked));
    if (waiting() + underWay > openRequestsMax) recorder.failed('the server cannot keep up with the rate');
    start();
    await sleep(tickMs);
  }
  recorder.end();
  const drainUntilMs = performance.now() + drainMs;
  const isDone = (): boolean => (underWay === 0 && waiting() === 0) || recorder.problem() !== null;
  while (!isDone() && performance.now() < drainUntilMs) await sleep(tickMs);
  if (!isDone()) recorder.failed(`${underWay + waiting()} requests had no answer after ${drainMs} ms`);
  for (const { connection } of idle) connection.close();
}

/** The requests of a job, and whether an answer is the expected one. A design that decides at once answers an order with 201. */
function requestsOf({ callbacks, keyPrefix, skuCount, waitSeconds, linesEach }: OpenRun) {
  if (callbacks !== undefined) {
    return { maker: createCallbackMaker(callbacks), isExpected: ({ status }: Answer) => status === 200 };
  }
  const maker = createRequestMaker(keyPrefix, skuCount, { kind: 'place', waitSeconds }, linesEach);
  const expected = waitSeconds > 0 ? [200] : [202, 201];
  return { maker, isExpected: ({ status }: Answer) => expected.includes(status) };
}

/** Closes an unused connection that the server ends with a 408, because it got no request. */
function retire(idle: Client[], client: Client): void {
  const at = idle.indexOf(client);
  if (at !== -1) idle.splice(at, 1);
  client.connection.close();
}
