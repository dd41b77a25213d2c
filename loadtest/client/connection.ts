/**
 * A keep-alive HTTP/1.1 connection that costs the generator little CPU time, because the generator shares the machine
 * with the servers. Requests are prepared bytes. The connection reads only the status, the length and the body of a
 * response. It has no pipelining, no chunks and no promise per request.
 */
import { connect, type Socket } from 'node:net';
import type { Target } from './job.ts';

export interface Answer {
  readonly status: number;
  /** The body, decoded as Latin-1. */
  readonly body: string;
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
    const head = received.indexOf(headEnd);
    if (head === -1) return;
    const bodyFrom = head + headEnd.length;
    const length = Number(lengthField.exec(received)?.[1] ?? 0);
    if (received.length < bodyFrom + length) return;
    const answer = {
      status: Number(received.slice(9, 12)),
      body: received.slice(bodyFrom, bodyFrom + length),
    };
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

/** Opens a connected socket with TCP_NODELAY. `onText` gets the received text, decoded as Latin-1. */
export function openSocket({ host, port }: Target, onText: (text: string) => void): Promise<Socket> {
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
