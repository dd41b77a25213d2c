/** A mail server that answers each step as told, for what a real one cannot be made to say. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

export interface SmtpAnswers {
  greeting?: string;
  auth?: string;
  sender?: string;
}

export interface Smtp {
  url: string;
  /** Paths of RCPT TO so far. */
  recipients: string[];
  close(): Promise<void>;
}

export async function startSmtp(answers: SmtpAnswers = {}): Promise<Smtp> {
  const { greeting = '220 ready', auth = '235 welcome', sender = '250 ok' } = answers;
  const recipients: string[] = [];
  const server = createServer((socket) => {
    let inData = false;
    const answerTo = (line: string): string | null => {
      if (inData) {
        inData = line !== '.';
        return inData ? null : '250 taken';
      }
      const [verb = ''] = line.toUpperCase().split(/[ :]/);
      if (verb === 'RCPT') recipients.push(line.slice('RCPT TO:'.length));
      inData = verb === 'DATA';
      return (
        { EHLO: '250-test\r\n250 AUTH PLAIN', AUTH: auth, MAIL: sender, DATA: '354 go on' }[verb] ?? '250 ok'
      );
    };
    socket.on('error', () => socket.destroy());
    socket.setEncoding('utf8');
    socket.write(`${greeting}\r\n`);
    socket.on('data', (text: string) => {
      for (const line of text.split('\r\n').slice(0, -1)) {
        const answer = answerTo(line);
        if (answer !== null) socket.write(`${answer}\r\n`);
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `smtp://${answers.auth === undefined ? '' : 'user:wrong@'}127.0.0.1:${port}`,
    recipients,
    close: () => new Promise((done) => server.close(() => done())),
  };
}
