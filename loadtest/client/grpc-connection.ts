/**
 * An HTTP/2 connection with many gRPC calls in flight, which costs the generator little CPU time. The headers of all
 * calls are the same prepared bytes, because the idempotency key is in the message. It decodes no headers. An answer with a message is a success, because an error of this API has only a status.
 */
import { connect } from 'node:net';
import type { Target } from './job.ts';

export interface GrpcConnection {
  /** Starts a call with these bytes of a message. The bytes may change afterwards. */
  send(message: Uint8Array): void;
  close(): void;
}

export interface GrpcEvents {
  /** A call has ended. `message` is null for an error. */
  onAnswer(message: Buffer | null): void;
  onBroken(reason: string): void;
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const frameHeadBytes = 9;
const messageHeadBytes = 5;
const windowBytes = 2 ** 31 - 1;
const windowDefaultBytes = 65_535;

const frameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, window: 8 } as const;
const endStream = 0x1;
const ack = 0x1;
const endHeaders = 0x4;
const initialWindowSize = 4;
const headerTableSize = 1;

/** Opens a connection for calls of one path with one token. */
export function openGrpcConnection(
  { host, port }: Target,
  path: string,
  token: string,
  events: GrpcEvents,
): Promise<GrpcConnection> {
  const headers = headerBlock([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'bench'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ['authorization', `Bearer ${token}`],
  ]);
  const messages = new Map<number, Buffer | null>();
  let nextStream = 1;
  let rest: Buffer = Buffer.alloc(0);
  let closed = false;

  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    const broken = (reason: string): void => {
      if (!closed) events.onBroken(reason);
      closed = true;
    };
    const endCall = (stream: number): void => {
      const message = messages.get(stream) ?? null;
      messages.delete(stream);
      events.onAnswer(message);
    };
    const onFrame = (type: number, flags: number, stream: number, payload: Buffer): void => {
      if (type === frameType.data) messages.set(stream, Buffer.from(payload.subarray(messageHeadBytes)));
      if (type === frameType.settings && (flags & ack) === 0)
        socket.write(frame(frameType.settings, ack, 0, Buffer.alloc(0)));
      if (type === frameType.ping && (flags & ack) === 0)
        socket.write(frame(frameType.ping, ack, 0, payload));
      if (type === frameType.goAway) broken('the server ended the connection');
      if (type === frameType.reset) endCall(stream);
      if ((type === frameType.data || type === frameType.headers) && (flags & endStream) !== 0)
        endCall(stream);
    };
    socket.on('data', (data: Buffer) => {
      let bytes: Buffer = rest.length === 0 ? data : Buffer.concat([rest, data]);
      while (bytes.length >= frameHeadBytes) {
        const length = bytes.readUIntBE(0, 3);
        if (bytes.length < frameHeadBytes + length) break;
        const payload = bytes.subarray(frameHeadBytes, frameHeadBytes + length);
        onFrame(bytes[3]!, bytes[4]!, bytes.readUInt32BE(5), payload);
        bytes = bytes.subarray(frameHeadBytes + length);
      }
      rest = bytes;
    });
    socket.on('error', (error) => broken(error.message));
    socket.on('close', () => broken('the server closed the connection'));
    socket.once('connect', () => {
      socket.write(preface);
      socket.write(frame(frameType.settings, 0, 0, settings()));
      const window = Buffer.alloc(4);
      window.writeUInt32BE(windowBytes - windowDefaultBytes);
      socket.write(frame(frameType.window, 0, 0, window));
      resolve({
        send(message) {
          const stream = nextStream;
          nextStream += 2;
          const body = Buffer.alloc(messageHeadBytes + message.length);
          body.writeUInt32BE(message.length, 1);
          body.set(message, messageHeadBytes);
          socket.write(
            Buffer.concat([
              frame(frameType.headers, endHeaders, stream, headers),
              frame(frameType.data, endStream, stream, body),
            ]),
          );
        },
        close() {
          closed = true;
          socket.destroy();
        },
      });
    });
  });
}

/** No dynamic table for headers, and a window that never closes. */
function settings(): Buffer {
  const payload = Buffer.alloc(12);
  payload.writeUInt16BE(headerTableSize, 0);
  payload.writeUInt32BE(0, 2);
  payload.writeUInt16BE(initialWindowSize, 6);
  payload.writeUInt32BE(windowBytes, 8);
  return payload;
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(frameHeadBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  payload.copy(bytes, frameHeadBytes);
  return bytes;
}

/** Header fields without Huffman code and without a table (RFC 7541, 6.2.2). */
function headerBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), headerText(name), headerText(value)]),
  );
}

const lengthPrefixMax = 127;

/** A text with its length: 7 bits, or more bytes of 7 bits each (RFC 7541, 5.1 and 5.2). */
function headerText(text: string): Buffer {
  const length = Buffer.byteLength(text, 'latin1');
  const bytes: number[] = [Math.min(length, lengthPrefixMax)];
  if (length >= lengthPrefixMax) {
    let more = length - lengthPrefixMax;
    for (; more >= 128; more = Math.floor(more / 128)) bytes.push(128 + (more % 128));
    bytes.push(more);
  }
  return Buffer.concat([Buffer.from(bytes), Buffer.from(text, 'latin1')]);
}
