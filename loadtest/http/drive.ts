/** The two ways to ask: as fast as answers come, and on the clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Connection, openConnection } from './connection.ts';
import type { ClosedJob, OpenJob } from './job.ts';
import type { Recorder } from './recorder.ts';
import { createRequestMaker } from './requests.ts';

/** Requests on the clock that wait for a connection or an answer; beyond, the server is not following at all. */
const openRequestsMax = 20_000;
const connectionsMax = 2_000;
const connectionsFirst = 64;
const tickMs = 2;
/** The last answers of a run. */
const drainMs = 15_000;

/** Runs warm-up and measurement; resolves when the last answer is in. */
export async function driveClosed(job: ClosedJob, recorder: Recorder): Promise<void> {
  const maker = createRequestMaker(job.keyPrefix, job.skuCount);
  let running = true;
  const expected = job.ordersEach === 1 ? 202 : 200;
  const loop = async (connection: Connection, token: string): Promise<void> => {
    while (running && recorder.problem() === null) {
      const request = job.ordersEach === 0 ? maker.get() : requestOf(token);
      const startedMs = performance.now();
      const answer = await connection.send(request);
      if (answer.status !== expected || !isWhole(answer, job.ordersEach)) recorder.failed(describe(answer));
      recorder.done(performance.now() - startedMs, Math.max(1, job.ordersEach));
    }
  };
  const requestOf = (token: string): string =>
    job.ordersEach === 1 ? maker.place(token, 0) : maker.batch(token, job.ordersEach);
  const connections = await openAll(job, job.connections);
  const loops = connections.map((connection, index) =>
    loop(connection, tokenOf(job.tokens, index)).catch((error: Error) => recorder.failed(error.message)),
  );
  await sleep(job.warmUpMs);
  recorder.begin();
  await sleep(job.measureMs);
  running = false;
  await Promise.all(loops);
  for (const connection of connections) connection.close();
}

/** Every item of a batch must have been accepted. */
function isWhole({ body }: Answer, ordersEach: number): boolean {
  return ordersEach <= 1 || body.split('"status":202').length - 1 === ordersEach;
}

export interface OpenRun extends Omit<OpenJob, 'kind'> {
  /** Told each accepted answer. */
  readonly onAnswer?: (answer: Answer) => void;
}

/** A request every 1/perSecond; more connections are opened as they are needed. `onMeasured` is called at the end of the measured time. */
export async function driveOpen(job: OpenRun, recorder: Recorder, onMeasured: () => void): Promise<void> {
  const maker = createRequestMaker(job.keyPrefix, job.skuCount);
  const expected = job.waitSeconds > 0 ? 200 : 202;
  const idle: { connection: Connection; token: string }[] = [];
  const queue: number[] = [];
  let opened = 0;
  let underWay = 0;

  const open = async (count: number): Promise<void> => {
    const first = opened;
    opened += count;
    const connections = await openAll(job, count);
    connections.forEach((connection, index) => {
      idle.push({ connection, token: tokenOf(job.tokens, first + index) });
    });
    start();
  };
  const start = (): void => {
    while (queue.length > 0 && idle.length > 0) void ask(queue.shift()!);
    const missing = Math.min(queue.length, connectionsMax - opened);
    if (missing > 0) open(missing).catch((error: Error) => recorder.failed(error.message));
  };
  const ask = async (dueMs: number): Promise<void> => {
    const client = idle.pop()!;
    underWay += 1;
    try {
      const answer = await client.connection.send(maker.place(client.token, job.waitSeconds));
      const ms = performance.now() - dueMs;
      if (answer.status === expected) {
        recorder.done(ms, 1);
        job.onAnswer?.(answer);
      } else if (answer.status === 503 && job.refusalsCount) recorder.refused(ms);
      else recorder.failed(describe(answer));
      idle.push(client);
    } catch (error) {
      recorder.failed((error as Error).message);
    }
    underWay -= 1;
    start();
  };

  await open(connectionsFirst);
  const beganMs = performance.now();
  const measureFromMs = beganMs + job.warmUpMs;
  const endsMs = measureFromMs + job.measureMs;
  let asked = 0;
  let measuring = false;
  while (performance.now() < endsMs && recorder.problem() === null) {
    const nowMs = performance.now();
    if (!measuring && nowMs >= measureFromMs) {
      measuring = true;
      recorder.begin();
    }
    for (; beganMs + (asked * 1_000) / job.perSecond <= nowMs; asked++)
      queue.push(beganMs + (asked * 1_000) / job.perSecond);
    if (queue.length + underWay > openRequestsMax) recorder.failed('the server does not follow the clock');
    start();
    await sleep(tickMs);
  }
  onMeasured();
  const drainUntilMs = performance.now() + drainMs;
  while (
    (underWay > 0 || queue.length > 0) &&
    performance.now() < drainUntilMs &&
    recorder.problem() === null
  )
    await sleep(tickMs);
  if (underWay > 0) recorder.failed(`${underWay} requests had no answer after ${drainMs} ms`);
  for (const { connection } of idle) connection.close();
}

function openAll(job: Pick<OpenJob, 'target'>, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => openConnection(job.target)));
}

function tokenOf(tokens: readonly string[], index: number): string {
  return tokens[index % tokens.length]!;
}

function describe({ status, body }: Answer): string {
  return `the server answered ${status}: ${body.slice(0, 300)}`;
}
