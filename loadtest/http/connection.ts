/**
 * A kept HTTP/1.1 connection that costs the generator as little as can be, as it shares the machine with what it measures:
 * requests are ready-made text, answers are looked at only for status, length and body. No pipelining, no chunks.
 */
import { connect, type Socket } from 'node:net';
import type { Target } from './job.ts';

export interface Answer {
  readonly status: number;
  /** Latin-1. */
  readonly body: string;
}

export interface Connection {
  /** One at a time. Rejects when the connection breaks. */
  send(request: string): Promise<Answer>;
  close(): void;
}

const headEnd = '\r\n\r\n';
const lengthField = /\r\ncontent-length: *(\d+)/i;

export async function openConnection(target: Target): Promise<Connection> {
  const socket = await openSocket(target);
  let waiting: PromiseWithResolvers<Answer> | null = null;
  let received = '';

  const take = (): void => {
    const head = received.indexOf(headEnd);
    if (head === -1) return;
    const length = Number(lengthField.exec(received.slice(0, head))?.[1] ?? 0);
    const end = head + headEnd.length + length;
    if (received.length < end) return;
    const answer = {
      status: Number(received.slice(9, 12)),
      body: received.slice(head + headEnd.length, end),
    };
    received = received.slice(end);
    const asked = waiting;
    waiting = null;
    asked?.resolve(answer);
  };
  const fail = (error: Error): void => {
    waiting?.reject(error);
    waiting = null;
  };

  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received = received === '' ? text : received + text;
    take();
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed the connection')));
  return {
    send(request) {
      waiting = Promise.withResolvers();
      socket.write(request, 'latin1');
      return waiting.promise;
    },
    close: () => socket.destroy(),
  };
}

/** A connected socket without delay. */
export function openSocket({ host, port }: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
