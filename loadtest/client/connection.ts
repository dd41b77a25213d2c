/**
 * A keep-alive HTTP/1.1 connection that costs the generator little CPU time, because the generator shares the machine
 * with the servers. Requests are prepared bytes. Of a response, the connection reads only the status, the length and the
 * body. It has no pipelining and no promise per request. A proxy may send the body in chunks.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readChunks } from './chunks.ts';
import type { Target } from './job.ts';

export interface Answer {
  readonly status: number;
  /** Status line and header fields, decoded as Latin-1. */
  readonly head: string;
  /** The body, decoded as Latin-1. */
  readonly body: string;
}

/** The value of a header field, or null if the response has no such field. `name` is in lower case. */
export function fieldOf({ head }: Pick<Answer, 'head'>, name: string): string | null {
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    if (line.slice(0, colon).toLowerCase() === name) return line.slice(colon + 1).trim();
  }
  return null;
}

export interface Connection {
  /**
   * Sends one request. The caller must wait for its response before the next request, and must not change its bytes
   * until then.
   */
  send(request: Uint8Array): void;
  close(): void;
}

export interface ConnectionEvents {
  onAnswer(answer: Answer): void;
  /** Called once when the connection ends on either side, but not after `close`. */
  onBroken(reason: string): void;
}

const headEnd = '\r\n\r\n';
const lengthField = /\r\ncontent-length: *(\d+)/i;
const chunkedField = /\r\ntransfer-encoding:[^\r]*\bchunked/i;
/**
 * All sockets read into this buffer. This is safe, because Node calls back right after each read, and incomplete data
 * is copied.
 */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

export async function openConnection(target: Target, events: ConnectionEvents): Promise<Connection> {
  let received = '';
  let closed = false;

  const take = (text: string): void => {
    received = received === '' ? text : received + text;
    const headLength = received.indexOf(headEnd);
    if (headLength === -1) return;
    const body = bodyOf(received, headLength + headEnd.length);
    if (body === null) return;
    const answer = { status: Number(received.slice(9, 12)), head: received.slice(0, headLength), body };
    received = '';
    events.onAnswer(answer);
  };

  const socket = await openSocket(target, take);
  const broken = (reason: string): void => {
    if (closed) return;
    closed = true;
    events.onBroken(reason);
  };
  socket.on('error', (error) => broken(error.message));
  socket.on('close', () => broken('the server closed the connection'));
  return {
    send: (request) => void socket.write(request),
    close() {
      closed = true;
      socket.destroy();
    },
  };
}

/** The body of a response that begins at `from`, or null until all of it has arrived. */
function bodyOf(received: string, from: number): string | null {
  const length = lengthField.exec(received)?.[1];
  if (length === undefined && chunkedField.test(received.slice(0, from))) return readChunks(received, from);
  const to = from + Number(length ?? 0);
  return received.length < to ? null : received.slice(from, to);
}

/** Opens a connected socket with TCP_NODELAY. `onText` gets the received text, decoded as Latin-1. */
export function openSocket(target: Target, onText: (text: string) => void): Promise<Socket> {
  return target.tls === true ? openTlsSocket(target, onText) : openPlainSocket(target, onText);
}

function openPlainSocket({ host, port }: Target, onText: (text: string) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const onread = {
      buffer: readBuffer,
      callback: (bytes: number) => {
        onText(readBuffer.toString('latin1', 0, bytes));
        return true;
      },
    };
    const socket = connect({ host, port, noDelay: true, onread }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/** The variable `NODE_EXTRA_CA_CERTS` of Node adds certificate authorities. */
function openTlsSocket({ host, port }: Target, onText: (text: string) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // A certificate for an address needs no name in the handshake.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = connectTls({ host, port, ...name, ALPNProtocols: ['http/1.1'] }, () => {
      socket.setNoDelay(true);
      socket.setEncoding('latin1');
      socket.on('data', onText);
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
