import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MailSink, startMailSink } from '../../stack/index.ts';
import { mailTextOf } from './mail-templates.ts';
import { createMailer, type Mailer } from './mailer.ts';
import { type Message, messageText, type OrderBoundEvent } from './message.ts';
import { eventOf } from './testing/events.ts';
import { startSmtp } from './testing/smtp.ts';

const event = eventOf(3, 17) as OrderBoundEvent;
const mail = { eventId: event.eventId, orderId: event.orderId, payload: messageText(event) };
let sink: MailSink;
let mailer: Mailer;

beforeEach(async () => {
  sink = await startMailSink();
  mailer = createMailer({ smtpUrl: sink.url, from: 'Shop <orders@shop.example>', timeoutMs: 1_000 });
});
afterEach(async () => {
  mailer.close();
  await sink.close();
});

describe('mailer', () => {
  it('sends the text of the status, with an id made of the event and the same on every try', async () => {
    for (let i = 0; i < 2; i++) {
      expect(await mailer.send('c@example.org', mail)).toEqual({ kind: 'delivered', status: 250 });
    }
    const ids = sink.mails.map((text) => /^Message-ID: (.*)$/im.exec(text)?.[1]);
    expect(ids[0]).toMatch(/^<3-17\.[0-9a-f]{16}@shop\.example>$/);
    expect(ids[1]).toBe(ids[0]);
    expect(sink.mails[0]).toContain('Subject: We have your order');
    expect(sink.mails[0]).toContain('EUR');
  });

  it('takes a 5xx for the last word and a 4xx for a later', async () => {
    sink.answerRecipient(550);
    expect(await mailer.send('c@example.org', mail)).toMatchObject({ kind: 'refused', status: 550 });
    sink.answerRecipient(451);
    expect(await mailer.send('c@example.org', mail)).toMatchObject({ kind: 'failed', status: 451 });
  });

  it.each([
    { greeting: '554 no service here' },
    { auth: '535 wrong password' },
    { sender: '530 authenticate first' },
  ])('tries again where the server refuses us and not the mail: %o', async (answers) => {
    const server = await startSmtp(answers);
    const refused = createMailer({ smtpUrl: server.url, from: 'orders@shop.example', timeoutMs: 1_000 });
    expect(await refused.send('c@example.org', mail)).toMatchObject({ kind: 'failed', hostTrouble: true });
    refused.close();
    await server.close();
  });

  it('writes to the one address of the order, however it is written', async () => {
    const server = await startSmtp();
    const one = createMailer({ smtpUrl: server.url, from: 'orders@shop.example', timeoutMs: 1_000 });
    await one.send('victim,root;x@example.org', mail);
    expect(server.recipients).toEqual(['<"victim,root;x"@example.org>']);
    one.close();
    await server.close();
  });

  it('reports a server that is away', async () => {
    await sink.close();
    expect(await mailer.send('c@example.org', mail)).toMatchObject({ kind: 'failed', hostTrouble: true });
  });
});

describe('mailTextOf', () => {
  const message = JSON.parse(mail.payload) as Message;

  it('writes amounts as the currency does', () => {
    expect(mailTextOf(message).text).toContain('Total: EUR\u00a011.90');
    const yen = { ...message, data: { ...message.data, currency: 'JPY' } };
    expect(mailTextOf(yen).text).toContain('JPY\u00a01,190');
  });

  it('has a text for every status, and for one that is new', () => {
    for (const status of ['REJECTED', 'PAID', 'SHIPPED', 'CANCELLED', 'EXPIRED', 'RETURNED', 'LATER']) {
      const { subject, text } = mailTextOf({ ...message, data: { ...message.data, status } });
      expect(subject).toContain(message.data.id.slice(0, 8));
      expect(text).toContain(status);
    }
  });
});
