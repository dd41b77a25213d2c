import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** Connections that are open now. */
  connections(): number;
  /** From now on nothing passes towards the client: the server still hears and acts, its answers are lost. */
  swallowAnswers(): void;
  /** The same from the moment on at which a client sends `text`; resolves then, with its bytes passed on. */
  swallowAnswersFrom(text: string): Promise<void>;
  /** From now on nothing passes in either direction, not even the end of a connection: like a server that is frozen. */
  freeze(): void;
  /** From now on every connection is reset at once, like one to a server that is down. */
  cut(): void;
  /** Passes on what comes from now on; what was swallowed stays lost, so its connections are cut. */
  heal(): void;
  close(): Promise<void>;
}

type Mode = 'pass' | 'swallowAnswers' | 'freeze' | 'cut';

/** A TCP proxy on a free port of 127.0.0.1 in front of one server, with three ways to go wrong. */
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
    // A frozen process does not answer a goodbye either.
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
