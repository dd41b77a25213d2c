import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** Open connections. */
  connections(): number;
  /**
   * From now on no data passes to the client. The server still receives and processes requests, but its
   * answers are lost.
   */
  swallowAnswers(): void;
  /** The same from the moment when a client sends `text`; then resolves, after its bytes were forwarded. */
  swallowAnswersFrom(text: string): Promise<void>;
  /**
   * From now on no data passes in either direction, not even the end of a connection. The server seems to be
   * frozen.
   */
  freeze(): void;
  /** From now on every connection is reset at once, as if the server were down. */
  cut(): void;
  /** Forwards new data again. Dropped data is lost, so its connections are closed. */
  heal(): void;
  close(): Promise<void>;
}

type Mode = 'pass' | 'swallowAnswers' | 'freeze' | 'cut';

/** A TCP proxy on a free port of 127.0.0.1 in front of one server, with three kinds of faults. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  let mode: Mode = 'pass';
  let awaited: { text: string; sent: () => void } | null = null;
  const sockets = new Set<Socket>();

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (mode === 'cut') {
      client.destroy();
      return;
    }
    const upstream = connect({ port: target.port, host: target.host, allowHalfOpen: true });
    client.on('data', (bytes: Buffer) => {
      if (awaited === null || !bytes.includes(awaited.text)) return;
      mode = 'swallowAnswers';
      awaited.sent();
      awaited = null;
    });
    pump(client, upstream, () => mode !== 'freeze');
    pump(upstream, client, () => mode === 'pass');
  });

  const pump = (from: Socket, to: Socket, passes: () => boolean): void => {
    sockets.add(from);
    from.on('data', (bytes) => {
      if (passes()) to.write(bytes);
    });
    // A frozen process does not answer the end of a connection either.
    from.on('end', () => {
      if (passes()) to.end();
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => Math.ceil(sockets.size / 2),
    swallowAnswers() {
      mode = 'swallowAnswers';
    },
    swallowAnswersFrom: (text) =>
      new Promise((sent) => {
        awaited = { text, sent };
      }),
    freeze() {
      mode = 'freeze';
    },
    cut() {
      mode = 'cut';
      cutAll();
    },
    heal() {
      mode = 'pass';
      cutAll();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cutAll();
      }),
  };
}
