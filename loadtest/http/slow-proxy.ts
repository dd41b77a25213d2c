/** A TCP proxy that delays the responses of a server. The bench uses it to lower the capacity of the workers. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SlowProxy {
  readonly port: number;
  close(): void;
}

export async function startSlowProxy(
  target: { host: string; port: number },
  answerDelayMs: number,
): Promise<SlowProxy> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ ...target, noDelay: true });
    client.on('data', (bytes) => upstream.write(bytes));
    // Timers with equal durations fire in the order in which they were set.
    upstream.on('data', (bytes) => setTimeout(() => client.writable && client.write(bytes), answerDelayMs));
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
