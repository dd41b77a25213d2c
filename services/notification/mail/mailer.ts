/** One attempt to send one e-mail over SMTP. */
import { createHash } from 'node:crypto';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { isMailAddress } from '../../domain/index.ts';
import { errorMessage } from '../../shared/errors/index.ts';
import type { AttemptResult } from '../delivery/attempt.ts';
import type { Message } from '../message.ts';
import { mailTextOf } from './mail-templates.ts';

/** Maximum number of connections to the mail server, and so of concurrent mails. */
export const mailConnectionsMax = 8;
const connectTimeoutMs = 5_000;
/** A server that does not close its side of a connection is cut off after this time. */
const closeTimeoutMs = 100;
/** A mail without a free connection (its gate prevents this) is retried after this time. */
const allBusyMs = 100;

interface MailOrder {
  eventId: string;
  orderId: string;
  /** The stored body, as JSON. */
  payload: string;
}

export interface Mailer {
  /** Never throws: every failure is a result. At most {@link mailConnectionsMax} at the same time. */
  send(to: string, mail: MailOrder): Promise<AttemptResult>;
  close(): void;
}

/**
 * `smtpUrl` is smtp://user:password@host:port; `from` is the sender's address; `timeoutMs` limits one whole
 * mail.
 */
export function createMailer(options: { smtpUrl: string; from: string; timeoutMs: number }): Mailer {
  const { from, timeoutMs } = options;
  const idle = Array.from({ length: mailConnectionsMax }, () => createLine(options));
  const lines = [...idle];
  return {
    async send(to, mail) {
      // An address may be older than this rule. The library would rewrite it and send the mail to another
      // mailbox.
      if (!isMailAddress(to)) {
        return {
          kind: 'refused',
          status: null,
          error: 'the address is invalid, because mail systems read it in different ways',
        };
      }
      const line = idle.pop();
      if (line === undefined) return { kind: 'postponed', delayMs: allBusyMs };
      try {
        await line.send(mailOf(to, mail, from), timeoutMs);
        return { kind: 'delivered', status: 250 };
      } catch (error) {
        // Every failure to send is a result: it is written to the delivery's row and retried.
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
 * One connection, kept between mails. A server that sends a byte now and then never triggers the socket
 * timeout. So the whole mail has a deadline. After the deadline, only this connection is closed.
 */
function createLine({ smtpUrl, timeoutMs }: { smtpUrl: string; timeoutMs: number }): Line {
  const open = () =>
    // All options are in the first argument, because the second one holds defaults of messages.
    createTransport({
      url: smtpUrl,
      pool: true,
      requireTLS: mustEncrypt(smtpUrl),
      maxConnections: 1,
      // A broken mail is retried from its row, where its attempts are counted.
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
        // After the deadline nothing awaits this promise.
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
 * Whether the connection must use TLS. A password must be encrypted on a network, because an attacker could
 * remove the offer of STARTTLS. A connection to this machine uses no network.
 */
function mustEncrypt(smtpUrl: string): boolean {
  const { username, hostname } = new URL(smtpUrl);
  return username !== '' && !/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** Closes the connection of a transport, even during a mail. */
function cut({ transporter }: { transporter: unknown }): void {
  (transporter as { close(options: { force: boolean }): void }).close({ force: true });
}

function mailOf(to: string, mail: MailOrder, from: string): SendMailOptions {
  const message = JSON.parse(mail.payload) as Message;
  return {
    from,
    // The library uses an object unchanged; it would parse a text as a list of addresses.
    to: { name: '', address: to },
    ...mailTextOf(message),
    messageId: messageIdOf(mail, from),
    date: new Date(message.timestamp),
    headers: { 'auto-submitted': 'auto-generated' },
  };
}

/**
 * The message id is the same on every attempt, so that mail systems can drop a repeat. Event ids are unique
 * within one installation only, so the hash includes the order id.
 */
function messageIdOf({ eventId, orderId }: MailOrder, from: string): string {
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? 'localhost';
  const mark = createHash('sha256').update(orderId).digest('hex').slice(0, 16);
  return `<${eventId}.${mark}@${domain}>`;
}

/**
 * SMTP commands that concern only one mail. If the server refuses an earlier command, it would refuse every mail, for
 * example because of a wrong password.
 */
const mailCommands = ['RCPT TO', 'DATA'];
/** The reply with which a server closes the connection, after any command (RFC 5321, 4.2.2). */
const serverCloses = 421;

/**
 * A 5xx about a mail is final (RFC 5321, 4.2.1). Any other code may be temporary and is retried. A deferred
 * recipient (450) is no fault of the server: the next mail may pass.
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
