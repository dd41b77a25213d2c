import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { calmRequestQueues } from './request-queue.ts';

const original = RequestQueue.prototype.scheduleCheckPendingRequests;
const idleMs = 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  RequestQueue.prototype.scheduleCheckPendingRequests = original;
  vi.useRealTimers();
});

describe('calmRequestQueues', () => {
  it('arms no timer on an idle connection, unlike kafkajs', async () => {
    expect(await timersOfAnIdleSecond()).toBeGreaterThan(500);
    calmRequestQueues();
    expect(await timersOfAnIdleSecond()).toBe(0);
  });

  it('still sends requests after a throttle ends', async () => {
    calmRequestQueues();
    const queue = makeQueue();
    queue.throttledUntil = Date.now() + 200;
    const sent = vi.fn();
    queue.push(request(1, sent));
    await vi.advanceTimersByTimeAsync(150);
    expect(sent).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });
});

/** Sends one request, gets its response, and counts the timers of the idle queue. */
async function timersOfAnIdleSecond(): Promise<number> {
  const queue = makeQueue();
  queue.push(request(1, () => undefined));
  const armed = vi.spyOn(globalThis, 'setTimeout');
  queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
  await vi.advanceTimersByTimeAsync(idleMs);
  const count = armed.mock.calls.length;
  armed.mockRestore();
  vi.clearAllTimers();
  return count;
}

function makeQueue(): InstanceType<typeof RequestQueue> {
  const quiet = { debug: () => undefined, warn: () => undefined };
  return new RequestQueue({
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: 'test',
    broker: 'nowhere:0',
    logger: quiet,
    isConnected: () => true,
  });
}

function request(correlationId: number, sendRequest: () => void) {
  const entry = {
    apiName: 'Test',
    apiKey: 0,
    apiVersion: 0,
    correlationId,
    resolve: () => undefined,
    reject: () => undefined,
  };
  return { entry, expectResponse: true, sendRequest };
}
