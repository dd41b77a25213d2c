/** Faulty answers of a mail server: every mail ends in time, with a result, and delays no other mail. */
import type { Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { within } from '../../../tests/support/within.ts';
import { messageText, type OrderBoundEvent } from '../message.ts';
import { eventOf } from '../testing/events.ts';
import { drip } from '../testing/raw-receiver.ts';
import { type Smtp, type SmtpAnswers, startSmtp } from '../testing/smtp.ts';
import { createMailer, type Mailer } from './mailer.ts';

const timeoutMs = 300;
const event = eventOf(3, 17) as OrderBoundEvent;
const mail = { eventId: event.eventId, orderId: event.orderId, payload: messageText(event) };
let server: Smtp;
let mailer: Mailer;

async function open(answers: SmtpAnswers): Promise<Mailer> {
  server = await startSmtp(answers);
  mailer = createMailer({ smtpUrl: server.url, from: 'orders@shop.example', timeoutMs });
  return mailer;
}
afterEach(async () => {
  mailer.close();
  await server.close();
});

/** Runs instead of the answer to that step. */
function takeAt(step: string, act: (socket: Socket) => void): NonNullable<SmtpAnswers['take']> {
  return (at, socket) => {
    if (at === step) act(socket);
    return at === step;
  };
}

it.each<[string, SmtpAnswers]>([
  ['a greeting of another protocol', { greeting: 'SSH-2.0-OpenSSH_9.9' }],
  ['no greeting', { take: takeAt('CONNECT', () => undefined) }],
  ['a greeting sent byte by byte', { take: takeAt('CONNECT', (socket) => drip(socket, '220-x\r\n')) }],
  ['a line without end', { take: takeAt('CONNECT', (socket) => drip(socket, 'x'.repeat(100_000))) }],
  ['an answer sent byte by byte', { take: takeAt('MAIL', (socket) => drip(socket, '250-x\r\n')) }],
  ['bytes one by one after the text', { take: takeAt('TEXT', (socket) => drip(socket, '2')) }],
  ['no answer after the text', { take: takeAt('TEXT', () => undefined) }],
  ['a connection that is cut at the recipient', { take: takeAt('RCPT', (socket) => socket.destroy()) }],
  ['a connection that is cut in the text', { take: takeAt('DATA', (socket) => socket.resetAndDestroy()) }],
  ['a connection that is cut after the text', { take: takeAt('TEXT', (socket) => socket.destroy()) }],
  ['an unknown code', { sender: '999 what' }],
  ['a code that is not a number', { sender: 'yes of course' }],
  ['go on instead of ok', { recipient: '354 go on' }],
])('%s: the mail failed, in time, and nothing stays open', async (_what, answers) => {
  const relay = await open(answers);
  const result = await within(20 * timeoutMs, 'the failure', () => relay.send('c@example.org', mail));
  expect(result).toMatchObject({ kind: 'failed' });
  mailer.close();
  await expect.poll(() => server.open()).toBe(0);
});

it('a mail that hangs delays no other mail, and ends only its own connection', async () => {
  let isFirst = true;
  await open({
    take(step) {
      if (step !== 'RCPT' || !isFirst) return false;
      isFirst = false;
      return true;
    },
  });
  const hanging = mailer.send('slow@example.org', mail);
  await expect.poll(() => server.recipients.length).toBe(1);
  for (let n = 0; n < 10; n++)
    expect(await mailer.send('c@example.org', mail)).toMatchObject({ kind: 'delivered' });
  expect(await hanging).toMatchObject({ kind: 'failed', hostTrouble: true });
  expect(await mailer.send('c@example.org', mail)).toMatchObject({ kind: 'delivered' });
  expect(server.taken()).toBe(11);
});

it('a broken connection is not retried: the row of the mail decides about a retry', async () => {
  let texts = 0;
  await open({
    take(step, socket) {
      if (step !== 'TEXT') return false;
      texts += 1;
      socket.destroy();
      return true;
    },
  });
  await mailer.send('c@example.org', mail);
  await new Promise((done) => setTimeout(done, 2 * timeoutMs));
  expect(texts).toBe(1);
});
