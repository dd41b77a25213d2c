import type { AddressInfo } from 'node:net';

/** A real SMTP server for local runs and tests: it takes every mail and sends none on. */
export interface MailSink {
  /** smtp://127.0.0.1:port */
  url: string;
  /** Whole messages, headers included; the newest `MAILS_KEPT` of them. */
  mails: string[];
  /** Answer to RCPT TO from now on: 250 takes, 4xx asks to come back, 5xx refuses. */
  answerRecipient(code: number): void;
  close(): Promise<void>;
}

export interface MailSinkOptions {
  /** 0 takes any free one. */
  port?: number;
  /** Called before a mail is acknowledged; what it throws, the sender is told as a reason to come back. */
  onMail?: (text: string) => void;
}

const MAILS_KEPT = 1_000;
const MAIL_BYTES_MAX = 1024 * 1024;
const CONNECTIONS_MAX = 100;
/** Senders keep their connections; they are cut after this. */
const CLOSE_TIMEOUT_MS = 200;
const TAKEN = 250;

/** Listens on 127.0.0.1 when it resolves. */
export async function startMailSink({ port = 0, onMail }: MailSinkOptions = {}): Promise<MailSink> {
  // Loaded here, as most users of this room never need it.
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
          // The sender hears of it and comes back: not keeping a mail must not look like taking it.
          callback(Object.assign(new Error('not kept', { cause: error }), { responseCode: 451 }));
        }
      });
    },
  });
  // Connections that break are the sender's affair; a port that is taken rejects below.
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
