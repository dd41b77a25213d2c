/** Opens thousands of idle streams, and measures the cost of placing orders at the same time. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { driveClosed } from '../client/closed-loop.ts';
import { openSocket } from '../client/connection.ts';
import type { StreamsJob } from '../client/job.ts';
import { driveOpen } from '../client/open-loop.ts';
import { type Recorder, rssBytes } from '../client/recorder.ts';
import type { Sample } from '../frame/types.ts';

/** Number of streams that are opened concurrently. */
const openAtOnce = 100;
const openDeadlineMs = 60_000;
/** Wait until garbage collections and buffers have settled. */
const settleMs = 3_000;
const ordersAtOnce = 500;

/**
 * Places an order for each stream. Places orders at a fixed rate, opens the streams, and places orders at the same
 * rate again. The sample belongs to the last phase. All orders belong to one customer, because the token of this
 * customer opens the streams.
 */
export async function driveStreams(job: StreamsJob, recorder: Recorder): Promise<Sample> {
  const urls = await placeOrders(job, recorder);
  const load = { ...job, waitSeconds: 0, refusalsCount: false };
  await driveOpen({ ...load, keyPrefix: `${job.keyPrefix}a` }, recorder);
  const alone = recorder.sample();
  await sleep(settleMs);
  const bytesBefore = rssBytes(job.servicePid);
  const streams = await openStreams(job, urls, recorder);
  await sleep(settleMs);
  const bytesEach = (rssBytes(job.servicePid) - bytesBefore) / job.streams;
  await driveOpen({ ...load, keyPrefix: `${job.keyPrefix}b` }, recorder);
  const closed = streams.filter(({ destroyed, readableEnded }) => destroyed || readableEnded).length;
  if (closed > 0) recorder.failed(`${closed} streams were closed`);
  for (const stream of streams) stream.destroy();
  const beside = recorder.sample();
  return { ...beside, more: { ...beside.more, streamKb: bytesEach / 1_000, p99AloneMs: alone.p99Ms } };
}

/** Places the orders. Returns the URL of the stream of each order. */
async function placeOrders(job: StreamsJob, recorder: Recorder): Promise<string[]> {
  const urls: string[] = [];
  const enough = Promise.withResolvers<void>();
  const run = {
    ...job,
    keyPrefix: `${job.keyPrefix}s`,
    connections: 2,
    ordersEach: ordersAtOnce,
    onAnswer({ body }: { body: string }) {
      for (const [, path, query] of body.matchAll(/"statusUrl":"([^"?]+)(\?[^"]*)"/g))
        urls.push(`${path}/events${query}`);
      if (urls.length >= job.streams) enough.resolve();
    },
  };
  await driveClosed(run, recorder, enough.promise);
  return urls;
}

async function openStreams(job: StreamsJob, urls: readonly string[], recorder: Recorder): Promise<Socket[]> {
  const streams: Socket[] = [];
  const deadlineMs = performance.now() + openDeadlineMs;
  while (streams.length < job.streams && recorder.problem() === null) {
    if (performance.now() > deadlineMs) throw new Error(`only ${streams.length} streams opened`);
    const next = urls.slice(streams.length, Math.min(job.streams, streams.length + openAtOnce));
    streams.push(...(await Promise.all(next.map((url) => openStream(job, url, recorder)))));
  }
  return streams;
}

/** Opens a stream. Resolves with its first event. */
async function openStream({ target, tokens }: StreamsJob, url: string, recorder: Recorder): Promise<Socket> {
  const begun = Promise.withResolvers<void>();
  let received: string | null = '';
  const socket = await openSocket(target, (text) => {
    if (received === null) return;
    received += text;
    if (!received.startsWith('HTTP/1.1 200'))
      begun.reject(new Error(`a stream got the response ${received.slice(0, 200)}`));
    if (!received.includes('\ndata: ')) return;
    received = null;
    begun.resolve();
  });
  socket.once('error', begun.reject);
  socket.once('close', () => begun.reject(new Error('a stream was closed before its first event')));
  socket.write(`GET ${url} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${tokens[0]}\r\n\r\n`);
  await begun.promise;
  socket.on('error', (error) => recorder.failed(error.message));
  return socket;
}
