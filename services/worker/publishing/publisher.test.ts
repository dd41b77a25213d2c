import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encodeMessages } from '../../orders-db/index.ts';
import { appError } from '../../shared/errors/index.ts';
import type { Accumulator, BatchOptions, OutMessage } from '../../shared/kafka/index.ts';
import { createMetrics, noMetrics } from '../../shared/metrics/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { openLane, silent } from '../testing/fakes.ts';
import { createPublisher, type Publication } from './publisher.ts';

/** A log that acknowledges batches when the test requests it. */
function createFakeLog(metrics = noMetrics) {
  const sent: { names: string[]; ack(): void; refuse(reason: string): void; fail(error: Error): void }[] = [];
  const accumulator = {
    sendBatch(messages: readonly OutMessage[], options?: BatchOptions) {
      const done = Promise.withResolvers<bigint>();
      const names = messages.map(({ topic, value }) => `${topic}:${String(value)}`);
      expect(options?.forever).toBe(true);
      sent.push({
        names,
        ack: () => done.resolve(0n),
        refuse: (reason) => options?.onRefused?.(reason),
        fail: done.reject,
      });
      return done.promise;
    },
  } as Pick<Accumulator, 'sendBatch'> as Accumulator;
  return {
    sent,
    publisher: createPublisher({ accumulator, metrics, log: silent, retryDelay: () => 0 }),
  };
}

function publication(lane: Lane, from: number, change: Partial<Publication> = {}): Publication {
  const { partition } = lane;
  const { epoch } = lane.position;
  const headers = {};
  const message = (topic: string, name: string): OutMessage => ({
    topic,
    partition,
    key: null,
    value: Buffer.from(name),
    headers,
    timestampMs: 0,
  });
  const messages = [
    message('dlq', `letter ${from}`),
    message('events', `${from}`),
    message('events', `${from + 1}`),
  ];
  return {
    lane,
    epoch,
    from,
    to: from + 2,
    provenAtMs: performance.now(),
    blob: encodeMessages(messages),
    ...change,
  };
}

describe('the publisher', () => {
  it('measures the time from each command to the acknowledgement of its outcome', async () => {
    const metrics = createMetrics({ service: 'worker', defaults: false });
    const { sent, publisher } = createFakeLog(metrics);
    const askedAtMs = Date.now() - 7_000;
    const timings = [
      { askedAtMs, command: 'PLACE', outcome: 'ACCEPTED' },
      { askedAtMs, command: null, outcome: 'DEAD_LETTERED' },
    ];
    publisher.publish(publication(openLane(0, 0), 0, { timings }));
    await turn();
    expect(await metrics.text(), 'not acknowledged yet').not.toContain('order_outcome_seconds_bucket');
    for (const one of sent) one.ack();
    await turn();
    const text = await metrics.text();
    const labels = 'service="worker",command="PLACE",outcome="ACCEPTED"';
    expect(text).toContain(`orderstream_order_outcome_seconds_bucket{le="5",${labels}} 0`);
    expect(text).toContain(`orderstream_order_outcome_seconds_bucket{le="10",${labels}} 1`);
    expect(text).toMatch(/order_outcome_seconds_count\{[^}]*command="UNREADABLE"[^}]*\} 1/);
  });

  it('sends a batch of a lane once the previous batch is acknowledged, each topic in order', async () => {
    const { sent, publisher } = createFakeLog();
    const lane = openLane(0, 0);
    publisher.publish(publication(lane, 0));
    publisher.publish(publication(lane, 2));
    await turn();
    expect(sent.map(({ names }) => names)).toEqual([['dlq:letter 0'], ['events:0', 'events:1']]);
    expect(lane.snapshot().unpublishedBatches).toBe(2);
    sent[0]!.ack();
    await turn();
    expect([sent.length, lane.position.ackedOffset]).toEqual([2, 0]);
    sent[1]!.ack();
    await turn();
    expect([
      sent.length,
      lane.position.ackedOffset,
      lane.ackedRows,
      lane.snapshot().unpublishedBatches,
    ]).toEqual([4, 2, [0], 1]);
  });

  it('publishes lanes in parallel', async () => {
    const { sent, publisher } = createFakeLog();
    publisher.publish(publication(openLane(0, 0), 0));
    publisher.publish(publication(openLane(1, 0), 0));
    await turn();
    expect(sent).toHaveLength(4);
  });

  it('sends nothing more for a closed lane, because its next owner publishes', async () => {
    const { sent, publisher } = createFakeLog();
    const lane = openLane(0, 0);
    publisher.publish(publication(lane, 0));
    publisher.publish(publication(lane, 2));
    await turn();
    lane.close();
    for (const each of sent) each.ack();
    await lane.published;
    expect(sent).toHaveLength(2);
  });

  it('neither sends nor counts a batch of another epoch', async () => {
    const { sent, publisher } = createFakeLog();
    const lane = openLane(0, 0);
    publisher.publish(publication(lane, 0));
    publisher.publish(publication(lane, 2));
    await turn();
    lane.fenceLost();
    lane.claimed({ epoch: 2, nextOffset: 4, publishedOffset: 0 }, null);
    for (const each of sent) each.ack();
    await lane.published;
    expect([sent.length, lane.position.ackedOffset, lane.ackedRows]).toEqual([2, 0, []]);
  });

  it('reports a refused batch, sends no later batch, and clears the report after the acknowledgement', async () => {
    const { sent, publisher } = createFakeLog();
    const lane = openLane(0, 3);
    publisher.publish(publication(lane, 0));
    publisher.publish(publication(lane, 2));
    await turn();
    sent[0]!.ack();
    sent[1]!.refuse('MESSAGE_TOO_LARGE');
    await turn();
    expect([sent.length, lane.state, lane.position.ackedOffset]).toEqual([2, 'running', 0]);
    expect(lane.snapshot().wait).toMatchObject({ place: 'publish', needsOperator: false });
    expect(lane.snapshot().wait?.why).toContain('MESSAGE_TOO_LARGE');
    sent[1]!.ack();
    await turn();
    sent[2]!.ack();
    sent[3]!.ack();
    await lane.published;
    expect([lane.snapshot().wait, lane.position.ackedOffset]).toEqual([null, 4]);
  });

  it('sends failed outcomes again, before any later ones', async () => {
    const { sent, publisher } = createFakeLog();
    const lane = openLane(0, 3);
    publisher.publish(publication(lane, 0));
    publisher.publish(publication(lane, 2));
    await turn();
    sent[1]!.fail(new TypeError('a header that cannot be encoded'));
    await expect.poll(() => sent).toHaveLength(4);
    expect(sent[3]!.names).toEqual(sent[1]!.names);
    for (const each of sent) each.ack();
    await expect.poll(() => sent).toHaveLength(6);
    expect([lane.snapshot().wait?.needsOperator, lane.position.ackedOffset]).toEqual([false, 2]);
  });

  it('leaves batches that a closed producer rejects to the next owner', async () => {
    const { sent, publisher } = createFakeLog();
    const lane = openLane(0, 3);
    publisher.publish(publication(lane, 0));
    await turn();
    sent[1]!.fail(appError('NOT_PRODUCED', { reason: 'the producer was closed' }));
    await lane.published;
    expect([sent.length, lane.ackedRows, lane.position.ackedOffset]).toEqual([2, [], 0]);
  });
});
