import { describe, expect, it } from 'vitest';
import { appError } from '../../shared/errors/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { noTraces } from '../../shared/trace/index.ts';
import { recordTraces } from '../../shared/trace/testing/recorded-traces.ts';
import { createBatchTrace, noBatchTrace } from './batch-trace.ts';
import type { DecodedPart } from './decode.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const idOf = (n: number): string => String(n).padStart(16, '0');
const sampled = (n: number): string => `00-${traceId}-${idOf(n)}-01`;

/** A part with one command for each traceparent. */
function partOf(...traceparents: (string | null)[]): DecodedPart {
  const sources = traceparents.map((traceparent) => ({
    content: { kind: 'command', command: { traceparent } },
  }));
  return { sources } as unknown as DecodedPart;
}

/** A session whose calls do this, with a member that the wrapper does not know. */
function sessionOf(call: () => Promise<unknown>): Session {
  const session = {
    run: call,
    rows: call,
    write: call,
    commit: call,
    rollback: call,
    alive: true,
    connectionId: 7,
  };
  return session as unknown as Session;
}

describe('the trace of a batch', () => {
  it('is one shared object without an SDK, and leaves the session alone', () => {
    const session = sessionOf(async () => []);
    expect(createBatchTrace(noTraces)).toBe(noBatchTrace);
    expect(noBatchTrace.over(session, 'work')).toBe(session);
  });

  it('does not exist if no command is traced', () => {
    const { traces, spans } = recordTraces();
    const session = sessionOf(async () => []);
    const trace = createBatchTrace(traces);
    trace.begin([partOf(null, `00-${traceId}-${idOf(1)}-00`, 'nonsense')], 1);
    expect([trace.traceparent, trace.fields, trace.over(session, 'work')]).toEqual([null, {}, session]);
    trace.end(null);
    expect(spans()).toEqual([]);
  });

  it('links to the traced commands only, up to the limit, and is below the first one', () => {
    const { traces, spans } = recordTraces();
    const trace = createBatchTrace(traces);
    const many = Array.from({ length: 200 }, (_, n) => sampled(n + 2));
    trace.begin([partOf(null, sampled(1)), partOf(...many)], 1);
    trace.end(null);
    const [span] = spans();
    expect(span).toMatchObject({ name: 'process orders.commands.v1', parent: idOf(1), traceId });
    expect(span!.links).toEqual(Array.from({ length: 128 }, (_, n) => idOf(n + 1)));
    expect(span!.attributes).toMatchObject({
      'messaging.batch.message_count': 202,
      'messaging.consumer.group.name': 'orders-worker',
    });
    expect(trace.traceparent).toBe(span!.traceparent);
    expect(trace.fields).toEqual({ traceId, spanId: span!.spanId });
  });

  it('has a span for each packet, and an error if the packet fails', async () => {
    const { traces, spans } = recordTraces();
    const trace = createBatchTrace(traces);
    trace.begin([partOf(sampled(1))], 1);
    const script = [{ framed: Buffer.alloc(0), ends: [1, 2, 3] }];
    const session = trace.over(
      sessionOf(async () => ['answer']),
      'open the batch',
    );
    expect(await session.run(script)).toEqual(['answer']);
    expect(await session.rows('SELECT 1')).toEqual(['answer']);
    const failing = trace.over(
      sessionOf(async () => {
        throw appError('MYSQL_DEADLOCK');
      }),
      'commit the batch',
    );
    await expect(failing.commit()).rejects.toMatchObject({ code: 'MYSQL_DEADLOCK' });
    expect([session.alive, session.connectionId]).toEqual([true, 7]);
    trace.end('MYSQL_DEADLOCK');
    const batch = spans().at(-1)!;
    expect(spans().map(({ name, parent }) => [name, parent])).toEqual([
      ['open the batch', batch.spanId],
      ['read missing rows', batch.spanId],
      ['commit the batch', batch.spanId],
      ['process orders.commands.v1', idOf(1)],
    ]);
    expect(spans()[0]!.attributes).toMatchObject({ 'db.operation.batch.size': 3 });
    expect(spans().map(({ attributes }) => attributes['error.type'])).toEqual([
      ...[undefined, undefined],
      ...['MYSQL_DEADLOCK', 'MYSQL_DEADLOCK'],
    ]);
  });
});
