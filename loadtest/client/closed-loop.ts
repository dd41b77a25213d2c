/** A closed loop: each connection sends its next request as soon as its last response has arrived. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Connection, openConnection } from './connection.ts';
import type { ClosedJob } from './job.ts';
import type { Recorder } from './recorder.ts';
import { createRequestMaker, type RequestKind } from './requests.ts';

const drainMs = 15_000;
const pollMs = 2;

export interface ClosedRun
  extends Pick<ClosedJob, 'target' | 'tokens' | 'keyPrefix' | 'skuCount' | 'linesEach' | 'ordersEach'> {
  readonly connections: number;
  /** Called with each complete response and the time at which its request was sent. */
  readonly onAnswer?: (answer: Answer, sentMs: number) => void;
}

/**
 * Sends requests until `untilDone` resolves. Resolves when the last response has arrived and the connections are
 * closed.
 */
export async function driveClosed(
  run: ClosedRun,
  recorder: Recorder,
  untilDone: Promise<unknown>,
): Promise<void> {
  const { ordersEach, tokens } = run;
  const maker = createRequestMaker(run.keyPrefix, run.skuCount, kindOf(ordersEach), run.linesEach);
  const ordersCounted = Math.max(1, ordersEach);
  let running = true;
  let underWay = 0;
  const nothingLeft = Promise.withResolvers<void>();
  const ended = (): void => {
    underWay -= 1;
    if (underWay === 0) nothingLeft.resolve();
  };

  const openLoop = async (index: number): Promise<Connection> => {
    const next = maker.requestsOf(tokens[index % tokens.length]!);
    let startedMs = 0;
    const ask = (): void => {
      startedMs = performance.now();
      connection.send(next());
    };
    const connection = await openConnection(run.target, {
      onAnswer(answer) {
        if (isWhole(answer, ordersEach)) {
          recorder.done(performance.now() - startedMs, ordersCounted, recorder.measuring());
          run.onAnswer?.(answer, startedMs);
        } else recorder.failed(describe(answer));
        if (running && recorder.problem() === null) ask();
        else ended();
      },
      onBroken(reason) {
        recorder.failed(reason);
        ended();
      },
    });
    underWay += 1;
    ask();
    return connection;
  };

  const connections = await Promise.all(
    Array.from({ length: run.connections }, (_, index) => openLoop(index)),
  );
  // After a failure all connections end, and `nothingLeft` resolves.
  await Promise.race([untilDone, nothingLeft.promise]);
  running = false;
  const drainUntilMs = performance.now() + drainMs;
  while (underWay > 0 && performance.now() < drainUntilMs) await sleep(pollMs);
  if (underWay > 0) recorder.failed(`${underWay} requests had no answer after ${drainMs} ms`);
  for (const connection of connections) connection.close();
}

export function describe({ status, body }: Answer): string {
  return `the server answered ${status}: ${body.slice(0, 300)}`;
}

function kindOf(ordersEach: number): RequestKind {
  if (ordersEach === 0) return { kind: 'get' };
  return ordersEach === 1 ? { kind: 'place', waitSeconds: 0 } : { kind: 'batch', orders: ordersEach };
}

/** Whether the response is complete: every item of a batch must be accepted. */
function isWhole({ status, body }: Answer, ordersEach: number): boolean {
  if (ordersEach === 0) return status === 200;
  // A design that decides within the request responds with 201.
  if (ordersEach === 1) return status === 202 || status === 201;
  return status === 200 && body.split('"status":202').length - 1 === ordersEach;
}
