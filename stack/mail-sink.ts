import type { AddressInfo } from 'node:net';

/** A real SMTP server for local runs and tests. It accepts every mail and forwards none. */
export interface MailSink {
  /** smtp://127.0.0.1:port */
  url: string;
  /** The newest `MAILS_KEPT` messages, each with its headers. */
  mails: string[];
  /** Sets the answer to later RCPT TO commands. 250 accepts, 4xx requests a retry, 5xx refuses. */
  answerRecipient(code: number): void;
  close(): Promise<void>;
}

export interface MailSinkOptions {
  /** 0 means any free port. */
  port?: number;
  /** Called before a mail is acknowledged. If it throws, the sender gets an error and should retry. */
  onMail?: (text: string) => void;
}

const MAILS_KEPT = 1_000;
const MAIL_BYTES_MAX = 1024 * 1024;
const CONNECTIONS_MAX = 100;
/** Senders keep their connections open. `close` ends them after this time. */
const CLOSE_TIMEOUT_MS = 200;
const TAKEN = 250;

/** Starts the server on 127.0.0.1, and resolves when it listens. */
export async function startMailSink({ port = 0, onMail }: MailSinkOptions = {}): Promise<MailSink> {
  // The library is loaded here, because most users of this folder do not need it.
  const { SMTPServer } = await import('smtp-server');
  const mails: string[] = [];
  let recipientCode = TAKEN;
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    maxClients: CONNECTIONS_MAX,
    size: MAIL_BYTES_MAX,
    rejectOversized: true,
    closeTimeout: CLOSE_TIMEOUT_MS,
    onRcptTo: (_address, _session, callback) =>
      callback(
        recipientCode === TAKEN ? null : Object.assign(new Error('as told'), { responseCode: recipientCode }),
      ),
    onData(stream, _session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', callback);
      stream.on('end', () => {
        try {
          const text = Buffer.concat(chunks).toString();
          onMail?.(text);
          mails.push(text);
          if (mails.length > MAILS_KEPT) mails.shift();
          callback(null);
        } catch (error) {
          // The sender gets an error and retries, because a mail that is not stored must not be acknowledged.
          callback(Object.assign(new Error('not stored', { cause: error }), { responseCode: 451 }));
        }
      });
    },
  });
  // Senders handle broken connections. For a port in use, the promise below rejects.
  server.on('error', () => undefined);
  const listener = server.listen(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    listener.once('listening', resolve);
    listener.once('error', reject);
  });
  return {
    url: `smtp://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    mails,
    answerRecipient(code) {
      recipientCode = code;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
