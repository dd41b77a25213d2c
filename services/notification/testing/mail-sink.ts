/** An SMTP server for tests: takes every mail, or answers RCPT as told. */

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';

export interface MailSink {
  url: string;
  /** Whole messages, headers included. */
  mails: string[];
  /** Answer to RCPT TO from now on: 250 takes, 4xx asks to come back, 5xx refuses. */
  answerRecipient(code: number): void;
  close(): Promise<void>;
}

export async function startMailSink(): Promise<MailSink> {
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  let recipientCode = 250;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.write('220 sink\r\n');
    let buffered = '';
    let isData = false;
    socket.on('data', (chunk) => {
      buffered += chunk.toString();
      for (;;) {
        const end = buffered.indexOf(isData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const text = buffered.slice(0, end);
        buffered = buffered.slice(end + (isData ? 5 : 2));
        if (isData) {
          mails.push(text);
          isData = false;
          socket.write('250 taken\r\n');
          continue;
        }
        const command = text.slice(0, 4).toUpperCase();
        isData = command === 'DATA';
        socket.write(replyTo(command, recipientCode));
        if (command === 'QUIT') socket.end();
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    answerRecipient(code) {
      recipientCode = code;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

function replyTo(command: string, recipientCode: number): string {
  if (command === 'DATA') return '354 go on\r\n';
  if (command === 'RCPT') return `${recipientCode} recipient\r\n`;
  if (command === 'QUIT') return '221 bye\r\n';
  return '250 ok\r\n';
}
