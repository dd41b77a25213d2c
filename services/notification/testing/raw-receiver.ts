/** A receiver that writes any bytes to the socket, for answers that no HTTP server would give. */
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface RawReceiver {
  url: string;
  /** Open connections. */
  open(): number;
  close(): Promise<void>;
}

/** `onPost` is called once per connection, when its first bytes arrive. */
export async function startRawReceiver(onPost: (socket: Socket) => void): Promise<RawReceiver> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The sender may close the connection in the middle; tests check this.
    socket.on('error', () => socket.destroy());
    socket.once('data', () => onPost(socket));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Writes `text` again and again until the connection ends. */
export function drip(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 5);
  socket.on('close', () => clearInterval(timer));
}
