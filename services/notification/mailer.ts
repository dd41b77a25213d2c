/** One try to send one e-mail over SMTP. */
import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { errorMessage } from '../shared/errors/index.ts';
import type { AttemptResult } from './attempt.ts';
import { mailTextOf } from './mail-templates.ts';
import type { Message } from './message.ts';

/** Connections to the mail server that are kept. */
const connectionsMax = 4;
const connectTimeoutMs = 5_000;

export interface MailOrder {
  eventId: string;
  orderId: string;
  /** The stored body, as JSON. */
  payload: string;
}

export interface Mailer {
  /** Never throws: whatever goes wrong is a result. */
  send(to: string, mail: MailOrder): Promise<AttemptResult>;
  close(): void;
}

/** `smtpUrl` as smtp://user:password@host:port; `from` is the sender's address. */
export function createMailer(options: { smtpUrl: string; from: string; timeoutMs: number }): Mailer {
  const { smtpUrl, from, timeoutMs } = options;
  const transport = createTransport(smtpUrl, {
    pool: true,
    maxConnections: connectionsMax,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  } as Parameters<typeof createTransport>[1]);
  return {
    async send(to, mail) {
      try {
        const message = JSON.parse(mail.payload) as Message;
        await transport.sendMail({
          from,
          // As an object it is taken as it is; a text would be read as a list of addresses.
          to: { name: '', address: to },
          ...mailTextOf(message),
          messageId: messageIdOf(mail, from),
          date: new Date(message.timestamp),
          headers: { 'auto-submitted': 'auto-generated' },
        });
        return { kind: 'delivered', status: 250 };
      } catch (error) {
        // Every failure to send is a result: it is written to the delivery's row and tried again.
        return failed(error);
      }
    },
    close: () => transport.close(),
  };
}

/**
 * The same on every try, so that mail systems can drop a repeat. The event id alone repeats between installations,
 * so the order id is hashed in.
 */
function messageIdOf({ eventId, orderId }: MailOrder, from: string): string {
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? 'localhost';
  const mark = createHash('sha256').update(orderId).digest('hex').slice(0, 16);
  return `<${eventId}.${mark}@${domain}>`;
}

/** Commands that are about this mail alone; refused before them, every mail would be: a wrong password, a closed server. */
const mailCommands = ['RCPT TO', 'DATA'];

/** A 5xx about a mail is the server's last word on it (RFC 5321, 4.2.1); any other may be mended and is tried again. */
function failed(error: unknown): AttemptResult {
  const { responseCode, command } = error as { responseCode?: number; command?: string };
  const answered = `the mail server answered ${responseCode}`;
  if (responseCode !== undefined && responseCode >= 500 && mailCommands.includes(command ?? '')) {
    return { kind: 'refused', status: responseCode, error: answered };
  }
  return {
    kind: 'failed',
    status: responseCode ?? null,
    error: responseCode === undefined ? errorMessage(error) : answered,
    retryAfterMs: null,
    hostTrouble: true,
  };
}
