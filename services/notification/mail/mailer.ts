/** One try to send one e-mail over SMTP. */
import { createHash } from 'node:crypto';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { isMailAddress } from '../../domain/index.ts';
import { errorMessage } from '../../shared/errors/index.ts';
import type { AttemptResult } from '../delivery/attempt.ts';
import type { Message } from '../message.ts';
import { mailTextOf } from './mail-templates.ts';

/** Connections to the mail server that are kept, and so mails at the same time. */
export const mailConnectionsMax = 8;
const connectTimeoutMs = 5_000;
/** A server that does not close its side of a connection is cut off after this. */
const closeTimeoutMs = 100;
/** A mail that finds no connection free, which its gate prevents, comes back after this. */
const allBusyMs = 100;

export interface MailOrder {
  eventId: string;
  orderId: string;
  /** The stored body, as JSON. */
  payload: string;
}

export interface Mailer {
  /** Never throws: whatever goes wrong is a result. At most {@link mailConnectionsMax} at the same time. */
  send(to: string, mail: MailOrder): Promise<AttemptResult>;
  close(): void;
}

/** `smtpUrl` as smtp://user:password@host:port; `from` is the sender's address; `timeoutMs` bounds one mail as a whole. */
export function createMailer(options: { smtpUrl: string; from: string; timeoutMs: number }): Mailer {
  const { from, timeoutMs } = options;
  const idle = Array.from({ length: mailConnectionsMax }, () => createLine(options));
  const lines = [...idle];
  return {
    async send(to, mail) {
      // Stored before this rule was: the library would write it in another way, and so to somebody else.
      if (!isMailAddress(to)) {
        return { kind: 'refused', status: null, error: 'the address cannot be written to as it is' };
      }
      const line = idle.pop();
      if (line === undefined) return { kind: 'postponed', delayMs: allBusyMs };
      try {
        await line.send(mailOf(to, mail, from), timeoutMs);
        return { kind: 'delivered', status: 250 };
      } catch (error) {
        // Every failure to send is a result: it is written to the delivery's row and tried again.
        return failed(error);
      } finally {
        idle.push(line);
      }
    },
    close() {
      for (const line of lines) line.close();
    },
  };
}

interface Line {
  send(mail: SendMailOptions, timeoutMs: number): Promise<void>;
  close(): void;
}

/**
 * One connection, kept between mails. A server that answers a byte now and then never lets a socket fall silent, so the
 * whole mail has a deadline; past it the connection is cut, and no other mail with it.
 */
function createLine({ smtpUrl, timeoutMs }: { smtpUrl: string; timeoutMs: number }): Line {
  const open = () =>
    // All in the first argument: the second one holds defaults of messages.
    createTransport({
      url: smtpUrl,
      pool: true,
      requireTLS: mustEncrypt(smtpUrl),
      maxConnections: 1,
      // What breaks is tried again from its row, where it is counted.
      maxRequeues: 0,
      connectionTimeout: Math.min(connectTimeoutMs, timeoutMs),
      greetingTimeout: Math.min(connectTimeoutMs, timeoutMs),
      socketTimeout: timeoutMs,
      socketCloseTimeout: closeTimeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  let transport = open();
  return {
    async send(mail, deadlineMs) {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        cut(transport);
        transport = open();
        late.reject(new Error(`the mail server took longer than ${deadlineMs} ms`));
      }, deadlineMs);
      try {
        const sending = transport.sendMail(mail);
        // Past the deadline nobody waits for it any more.
        sending.catch(() => undefined);
        await Promise.race([sending, late.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => cut(transport),
  };
}

/**
 * A password crosses a network encrypted, or not at all: an offer of STARTTLS can be removed on the way. To this machine
 * itself there is no network.
 */
function mustEncrypt(smtpUrl: string): boolean {
  const { username, hostname } = new URL(smtpUrl);
  return username !== '' && !/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** Ends its connection, whatever is under way on it. */
function cut({ transporter }: { transporter: unknown }): void {
  (transporter as { close(options: { force: boolean }): void }).close({ force: true });
}

function mailOf(to: string, mail: MailOrder, from: string): SendMailOptions {
  const message = JSON.parse(mail.payload) as Message;
  return {
    from,
    // As an object it is taken as it is; a text would be read as a list of addresses.
    to: { name: '', address: to },
    ...mailTextOf(message),
    messageId: messageIdOf(mail, from),
    date: new Date(message.timestamp),
    headers: { 'auto-submitted': 'auto-generated' },
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
/** The server is about to close the connection, whatever was asked (RFC 5321, 4.2.2). */
const serverCloses = 421;

/**
 * A 5xx about a mail is the server's last word on it (RFC 5321, 4.2.1); any other may be mended and is tried again. A
 * recipient that is deferred (450) says nothing about the server: the next mail may pass.
 */
function failed(error: unknown): AttemptResult {
  const { responseCode, command } = error as { responseCode?: number; command?: string };
  const answered = `the mail server answered ${responseCode}`;
  const isAboutMail = responseCode !== undefined && mailCommands.includes(command ?? '');
  if (isAboutMail && responseCode >= 500) {
    return { kind: 'refused', status: responseCode, error: answered };
  }
  return {
    kind: 'failed',
    status: responseCode ?? null,
    error: responseCode === undefined ? errorMessage(error) : answered,
    retryAfterMs: null,
    hostTrouble: !isAboutMail || responseCode === serverCloses,
  };
}
