import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { startTimeout } from './index.ts';

/** Holds up the event loop. */
function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

test('an answer that lies in our own buffers is no timeout, however long our own event loop was held up', async () => {
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
        // The server runs here too: its answer is in the socket once it had a turn, and then we are busy.
        setImmediate(() => setImmediate(() => block(60)));
      });
      return end;
    }),
  );
  expect(ends).toEqual(Array(5).fill('answer'));
  socket.destroy();
  server.close();
});

test('calls once after the time, and not at all when it is called off', async () => {
  const calls: string[] = [];
  const cancel = startTimeout(1, () => calls.push('called off'));
  startTimeout(2, () => calls.push('over'));
  cancel();
  await expect.poll(() => calls).toEqual(['over']);
});
