import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** API keys of the Kafka protocol (https://kafka.apache.org/protocol.html#protocol_api_keys). */
export const kafkaApi = {
  produce: 0,
  fetch: 1,
  offsetCommit: 8,
  joinGroup: 11,
  heartbeat: 12,
  syncGroup: 14,
  endTxn: 26,
  apiVersions: 18,
} as const;
export type KafkaApi = keyof typeof kafkaApi;

export interface KafkaProxy {
  readonly port: number;
  /** The broker still processes the next `times` requests of this kind, but their answers never arrive. */
  swallowAnswers(api: KafkaApi, times: number): void;
  /** The next `times` requests of this kind never reach the broker: their connections are closed instead. */
  cutRequests(api: KafkaApi, times: number): void;
  /** Number of requests of this kind that the proxy still has to cut off. */
  uncut(api: KafkaApi): number;
  /**
   * From now on no data passes in either direction, until `heal`. Data in flight is lost, and `heal` closes
   * its connections.
   */
  freeze(): void;
  heal(): void;
  /** Number of answers of this kind that were dropped so far. */
  swallowed(api: KafkaApi): number;
  close(): Promise<void>;
}

const lengthBytes = 4;

/**
 * A proxy on a free port of 127.0.0.1 in front of one broker. It recognises requests and can drop their
 * answers.
 */
export async function startKafkaProxy(target: { host: string; port: number }): Promise<KafkaProxy> {
  const wanted = new Map<number, number>();
  const swallowed = new Map<number, number>();
  const toCut = new Map<number, number>();
  const sockets = new Set<Socket>();
  let frozen = false;

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ ...target, allowHalfOpen: true });
    /** Requests whose answers are dropped, by correlation id. */
    const lost = new Map<number, number>();
    pipeFrames(client, upstream, (frame) => {
      const api = frame.readInt16BE(lengthBytes);
      const cutsLeft = toCut.get(api) ?? 0;
      if (cutsLeft > 0) {
        toCut.set(api, cutsLeft - 1);
        client.destroy();
        return false;
      }
      const left = wanted.get(api) ?? 0;
      if (left > 0) {
        wanted.set(api, left - 1);
        lost.set(frame.readInt32BE(lengthBytes + 4), api);
      }
      return true;
    });
    pipeFrames(upstream, client, (frame) => {
      const correlationId = frame.readInt32BE(lengthBytes);
      const api = lost.get(correlationId);
      if (api === undefined) return true;
      lost.delete(correlationId);
      swallowed.set(api, (swallowed.get(api) ?? 0) + 1);
      return false;
    });
  });

  const pipeFrames = (from: Socket, to: Socket, passes: (frame: Buffer) => boolean): void => {
    sockets.add(from);
    let held: Buffer = Buffer.alloc(0);
    from.on('data', (bytes: Buffer) => {
      if (frozen) return;
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      while (held.length >= lengthBytes) {
        const end = lengthBytes + held.readInt32BE(0);
        if (held.length < end) break;
        const frame = held.subarray(0, end);
        held = held.subarray(end);
        if (passes(frame)) to.write(frame);
      }
    });
    from.on('end', () => {
      if (!frozen) to.end();
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };

  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    swallowAnswers: (api, times) => void wanted.set(kafkaApi[api], times),
    swallowed: (api) => swallowed.get(kafkaApi[api]) ?? 0,
    cutRequests: (api, times) => void toCut.set(kafkaApi[api], times),
    uncut: (api) => toCut.get(kafkaApi[api]) ?? 0,
    freeze() {
      frozen = true;
    },
    heal() {
      frozen = false;
      cutAll();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cutAll();
      }),
  };
}
