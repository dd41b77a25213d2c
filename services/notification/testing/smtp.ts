/** A mail server with a prepared answer to each step, for answers that a real server would not give. */
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface SmtpAnswers {
  greeting?: string;
  auth?: string;
  sender?: string;
  recipient?: string;
  data?: string;
  /** The reply after the text of the mail. */
  text?: string;
  /** Further lines of the answer to EHLO. */
  extensions?: readonly string[];
  /** Handles a step itself. If it returns `false`, the server gives the prepared answer. */
  take?: (step: 'CONNECT' | 'EHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'TEXT', socket: Socket) => boolean;
}

export interface Smtp {
  url: string;
  /** Paths of RCPT TO so far. */
  recipients: string[];
  /** Accepted mails. */
  taken(): number;
  /** Open connections. */
  open(): number;
  close(): Promise<void>;
}

export async function startSmtp(answers: SmtpAnswers = {}): Promise<Smtp> {
  const { greeting = '220 ready', auth = '235 welcome', sender = '250 ok', recipient = '250 ok' } = answers;
  const { data = '354 go on', text: textAnswer = '250 taken', extensions = [], take = () => false } = answers;
  const recipients: string[] = [];
  const sockets = new Set<Socket>();
  let taken = 0;
  const ehlo = ['test', ...extensions, 'AUTH PLAIN'];
  const fixed: Record<string, string> = {
    EHLO: ehlo.map((line, n) => `250${n === ehlo.length - 1 ? ' ' : '-'}${line}`).join('\r\n'),
    AUTH: auth,
    MAIL: sender,
    RCPT: recipient,
    DATA: data,
  };
  const server = createServer((socket) => {
    let inData = false;
    const answerTo = (line: string): string | null => {
      if (inData) {
        if (line !== '.') return null;
        inData = false;
        if (take('TEXT', socket)) return null;
        taken += 1;
        return textAnswer;
      }
      const [verb = ''] = line.toUpperCase().split(/[ :]/);
      if (verb === 'RCPT') recipients.push(line.slice('RCPT TO:'.length));
      if (take(verb as 'MAIL', socket)) return null;
      inData = verb === 'DATA' && data.startsWith('3');
      return fixed[verb] ?? '250 ok';
    };
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setEncoding('utf8');
    if (!take('CONNECT', socket)) socket.write(`${greeting}\r\n`);
    let rest = '';
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
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
    taken: () => taken,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
