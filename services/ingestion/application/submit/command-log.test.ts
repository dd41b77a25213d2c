import { expect, test } from 'vitest';
import { systemClock } from '../../../shared/clock/index.ts';
import { bundledCodecs, CHECKSUM_HEADER } from '../../../shared/codec/index.ts';
import { place } from '../../../shared/codec/testing/values.ts';
import type { KeyedCommand } from '../../../shared/command-log/index.ts';
import { type AppError, appError } from '../../../shared/errors/index.ts';
import type { Traces } from '../../../shared/trace/index.ts';
import { recordTraces } from '../../../shared/trace/testing/recorded-traces.ts';
import { createCommandLog } from './command-log.ts';

const { commands } = bundledCodecs({ commandsId: 1, eventsId: 2 });
const orderId = '00000000-0000-8000-8000-000000000000';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const commandOf = (traceparent: string | null): KeyedCommand =>
  ({ ...place, orderId, traceparent }) as KeyedCommand;
const sampled = `00-${traceId}-${spanId}-01`;

/** A log whose appends end so. */
function logOf(traces: Traces | undefined, end: bigint | AppError) {
  return createCommandLog({
    accumulator: { sendEach: (messages, onEnd) => void messages.map((_message, index) => onEnd(index, end)) },
    commands,
    progress: { produced: () => undefined },
    admission: { isBehind: () => false },
    health: { written: () => undefined, refused: () => undefined },
    clock: systemClock,
    ...(traces && { traces }),
  });
}

test('a traced command names the span that sends it, in its header and in itself', async () => {
  const { traces, spans } = recordTraces();
  const log = logOf(traces, 42n);
  const message = log.encode(commandOf(sampled));
  expect(spans()).toEqual([]);
  await log.append([message], () => undefined);
  const [span] = spans();
  expect(span).toMatchObject({ name: 'send orders.commands.v1', traceId, parent: spanId });
  expect(span!.attributes).toMatchObject({ 'kafka.offset': 42, 'messaging.system.name': 'kafka' });
  expect(message.headers).toMatchObject({ traceparent: span!.traceparent });
  expect(commands.decode(message.value!).traceparent).toBe(span!.traceparent);
});

test('the span of a failed append has its failure', async () => {
  const { traces, spans } = recordTraces();
  const log = logOf(traces, appError('NOT_PRODUCED'));
  await log.append([log.encode(commandOf(sampled))], () => undefined);
  expect(spans()[0]!.attributes).toMatchObject({ 'error.type': 'NOT_PRODUCED' });
});

test.each([
  ['without an SDK', false, sampled],
  ['whose trace is not recorded', true, `00-${traceId}-${spanId}-00`],
  ['without a trace', true, null],
])(
  'the record of a command %s has no more headers, and the command is unchanged',
  async (_name, isOn, traceparent) => {
    const { traces, spans } = recordTraces();
    const log = logOf(isOn ? traces : undefined, 0n);
    const message = log.encode(commandOf(traceparent));
    await log.append([message], () => undefined);
    expect(Object.keys(message.headers)).toEqual([CHECKSUM_HEADER]);
    expect(commands.decode(message.value!).traceparent).toBe(traceparent);
    expect(spans()).toEqual([]);
  },
);
