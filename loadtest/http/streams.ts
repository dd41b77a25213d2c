/** Thousands of streams on which nothing happens, and what placing costs beside them. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from '../frame/types.ts';
import { openSocket } from './connection.ts';
import { driveOpen } from './drive.ts';
import type { StreamsJob } from './job.ts';
import { type Recorder, rssBytes } from './recorder.ts';

/** Opened together. */
const openAtOnce = 100;
const openDeadlineMs = 60_000;
/** For collections and buffers to calm down. */
const settleMs = 2_000;

/** Places, opens the streams on the orders that came of it, places again. The sample is that of the second time. */
export async function driveStreams(job: StreamsJob, recorder: Recorder): Promise<Sample> {
  const urls: string[] = [];
  const place = async (keyPrefix: string, onAnswer?: (answer: { body: string }) => void): Promise<Sample> => {
    let sample: Sample | null = null;
    const run = { ...job, keyPrefix, waitSeconds: 0, refusalsCount: false, onAnswer };
    await driveOpen(run, recorder, () => {
      sample = recorder.end();
    });
    return sample!;
  };
  // All by one customer, whose token then opens the streams.
  const before = await place(`${job.keyPrefix}a`, ({ body }) => {
    const [, path, query] = /"statusUrl":"([^"?]+)(\?[^"]*)"/.exec(body) ?? [];
    if (path !== undefined) urls.push(`${path}/events${query}`);
  });
  await sleep(settleMs);
  const bytesBefore = rssBytes(job.servicePid);
  const sockets = await openStreams(job, urls, recorder);
  await sleep(settleMs);
  const bytesEach = (rssBytes(job.servicePid) - bytesBefore) / job.streams;
  const beside = await place(`${job.keyPrefix}b`);
  const closed = sockets.filter(({ destroyed, readableEnded }) => destroyed || readableEnded).length;
  if (closed > 0) recorder.failed(`${closed} streams were closed`);
  for (const socket of sockets) socket.destroy();
  return {
    ...beside,
    more: { ...beside.more, streamKb: bytesEach / 1_000, p99BeforeMs: before.p99Ms },
  };
}

async function openStreams(job: StreamsJob, urls: readonly string[], recorder: Recorder): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const deadlineMs = performance.now() + openDeadlineMs;
  while (sockets.length < job.streams && recorder.problem() === null) {
    if (performance.now() > deadlineMs) throw new Error(`only ${sockets.length} streams opened`);
    const count = Math.min(openAtOnce, job.streams - sockets.length);
    const first = sockets.length;
    sockets.push(
      ...(await Promise.all(
        Array.from({ length: count }, (_, i) => openStream(job, urls[(first + i) % urls.length]!, recorder)),
      )),
    );
  }
  return sockets;
}

/** Resolves with the first event. */
async function openStream({ target, tokens }: StreamsJob, url: string, recorder: Recorder): Promise<Socket> {
  const socket = await openSocket(target);
  socket.write(`GET ${url} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${tokens[0]}\r\n\r\n`);
  await new Promise<void>((resolve, reject) => {
    let received = '';
    const onData = (bytes: Buffer): void => {
      received += bytes.toString('latin1');
      if (!received.startsWith('HTTP/1.1 200'))
        reject(new Error(`a stream was answered ${received.slice(0, 200)}`));
      if (!received.includes('\ndata: ')) return;
      socket.off('data', onData);
      socket.resume();
      resolve();
    };
    socket.on('data', onData);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('a stream was closed before its first event')));
  });
  socket.on('error', (error) => recorder.failed(error.message));
  return socket;
}
