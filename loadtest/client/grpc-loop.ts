/** A closed loop of CreateOrder calls. The next call starts as soon as an answer has arrived. */
import { setTimeout as sleep } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { CreateOrderRequestSchema } from '../../services/ingestion/grpc/generated/orderstream/v1/orders_pb.ts';
import { type GrpcConnection, openGrpcConnection } from './grpc-connection.ts';
import type { GrpcJob } from './job.ts';
import type { Recorder } from './recorder.ts';
import { keyDigits, orderBodies, writeDigits } from './requests.ts';

const path = '/orderstream.v1.Orders/CreateOrder';
const drainMs = 15_000;
const pollMs = 2;

/** Sends calls until `untilDone` resolves. Resolves when the last answer has arrived and the connections are closed. */
export async function driveGrpc(
  { target, tokens, keyPrefix, skuCount, connections, callsInFlight }: GrpcJob,
  recorder: Recorder,
  untilDone: Promise<unknown>,
): Promise<void> {
  const templates = templatesOf(keyPrefix, skuCount);
  let made = 0;
  let running = true;
  let underWay = 0;
  const nothingLeft = Promise.withResolvers<void>();

  const openOne = async (index: number): Promise<GrpcConnection> => {
    const startedMs: number[] = [];
    const ask = (): void => {
      const { bytes, keyAt } = templates[made % templates.length]!;
      writeDigits(bytes, keyAt, made++);
      startedMs.push(performance.now());
      connection.send(bytes);
    };
    const ended = (calls: number): void => {
      underWay -= calls;
      if (underWay <= 0) nothingLeft.resolve();
    };
    const connection = await openGrpcConnection(target, path, tokens[index % tokens.length]!, {
      onAnswer(message) {
        // Answers of a connection come nearly in the order of its calls.
        const ms = performance.now() - startedMs.shift()!;
        if (message === null) recorder.failed('the server refused a call');
        else recorder.done(ms, 1, recorder.measuring());
        if (running && recorder.problem() === null) ask();
        else ended(1);
      },
      onBroken(reason) {
        recorder.failed(reason);
        ended(callsInFlight);
      },
    });
    underWay += callsInFlight;
    for (let i = 0; i < callsInFlight; i++) ask();
    return connection;
  };

  const opened = await Promise.all(Array.from({ length: connections }, (_, index) => openOne(index)));
  await Promise.race([untilDone, nothingLeft.promise]);
  running = false;
  const drainUntilMs = performance.now() + drainMs;
  while (underWay > 0 && performance.now() < drainUntilMs) await sleep(pollMs);
  if (underWay > 0) recorder.failed(`${underWay} calls had no answer after ${drainMs} ms`);
  for (const connection of opened) connection.close();
}

interface Template {
  readonly bytes: Buffer;
  /** The index at which the digits of the key begin. */
  readonly keyAt: number;
}

/** The same orders as those of the HTTP API, as messages. */
function templatesOf(keyPrefix: string, skuCount: number): Template[] {
  const key = keyPrefix + '0'.repeat(keyDigits);
  return orderBodies(skuCount).map((body) => {
    const order = JSON.parse(body);
    const message = create(CreateOrderRequestSchema, { requestId: key, order });
    const bytes = Buffer.from(toBinary(CreateOrderRequestSchema, message));
    return { bytes, keyAt: bytes.indexOf(key) + keyPrefix.length };
  });
}
