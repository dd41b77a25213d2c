import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { startTimeout } from './index.ts';

/** Blocks the event loop. */
function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

test('an answer in our own buffers is no timeout, however long our own event loop was blocked', async () => {
  const server = createServer((socket) => socket.on('data', () => socket.write('answer')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const ends = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const end = await new Promise<string>((resolve) => {
        const cancel = startTimeout(20, () => resolve('timeout'));
        socket.once('data', () => {
          cancel();
          resolve('answer');
        });
        socket.write('question');
        // The server runs in this process too. After one turn of the loop its answer is in the socket. Then we
        // block the loop.
        setImmediate(() => setImmediate(() => block(60)));
      });
      return end;
    }),
  );
  expect(ends).toEqual(Array(5).fill('answer'));
  socket.destroy();
  server.close();
});

test('calls once after the time, and never after a cancellation', async () => {
  const calls: string[] = [];
  const cancel = startTimeout(1, () => calls.push('cancelled'));
  startTimeout(2, () => calls.push('over'));
  cancel();
  await expect.poll(() => calls).toEqual(['over']);
});
