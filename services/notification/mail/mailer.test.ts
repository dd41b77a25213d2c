import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lineDefaults } from '../../../schemas/index.ts';
import { type MailSink, startMailSink } from '../../../stack/index.ts';
import { changesOfMoney, changesOfUnits, isMailAddress, mailAddressPattern } from '../../domain/index.ts';
import { type Message, messageText, type OrderBoundEvent } from '../message.ts';
import { eventOf } from '../testing/events.ts';
import { startSmtp } from '../testing/smtp.ts';
import { mailTextOf } from './mail-templates.ts';
import { createMailer, type Mailer } from './mailer.ts';

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
  it('sends the text of the status, with a message id that is the same on every attempt', async () => {
    for (let i = 0; i < 2; i++) {
      expect(await mailer.send('c@example.org', mail)).toEqual({ kind: 'delivered', status: 250 });
    }
    const ids = sink.mails.map((text) => /^Message-ID: (.*)$/im.exec(text)?.[1]);
    expect(ids[0]).toMatch(/^<3-17\.[0-9a-f]{16}@shop\.example>$/);
    expect(ids[1]).toBe(ids[0]);
    expect(sink.mails[0]).toContain('Subject: We have your order');
    expect(sink.mails[0]).toContain('EUR');
  });

  it('treats a 5xx as final and retries a 4xx', async () => {
    sink.answerRecipient(550);
    expect(await mailer.send('c@example.org', mail)).toMatchObject({ kind: 'refused', status: 550 });
    sink.answerRecipient(451);
    expect(await mailer.send('c@example.org', mail)).toMatchObject({ kind: 'failed', status: 451 });
  });

  it.each([
    { greeting: '554 no service here' },
    { auth: '535 wrong password' },
    { sender: '530 authenticate first' },
  ])('retries if the server refuses us and not the mail: %o', async (answers) => {
    const server = await startSmtp(answers);
    const refused = createMailer({ smtpUrl: server.url, from: 'orders@shop.example', timeoutMs: 1_000 });
    expect(await refused.send('c@example.org', mail)).toMatchObject({ kind: 'failed', hostTrouble: true });
    refused.close();
    await server.close();
  });

  it('sends no password to a remote server without TLS', async () => {
    const steps: string[] = [];
    const server = await startSmtp({ take: (step) => steps.push(step) === 0 });
    // The same machine, under an address that is not recognised as local.
    const far = Object.assign(new URL(server.url), { hostname: '0.0.0.0', username: 'shop', password: 'pw' });
    const one = createMailer({ smtpUrl: far.href, from: 'orders@shop.example', timeoutMs: 1_000 });
    expect(await one.send('c@example.org', mail)).toMatchObject({ kind: 'failed' });
    expect(steps).toContain('EHLO');
    expect(steps).not.toContain('AUTH');
    expect(server.taken()).toBe(0);
    one.close();
    await server.close();
  });

  it.each([
    'a<b@example.com',
    'victim,root;x@example.org',
    'a@0x7f.1',
    '"a b"@example.org',
    'a@b@example.org',
  ])('sends nothing rather than to %s in another form', async (address) => {
    expect(await mailer.send(address, mail)).toMatchObject({ kind: 'refused', status: null });
    expect(sink.mails).toEqual([]);
  });

  it('sends to exactly the given address, whatever characters it has', async () => {
    const server = await startSmtp();
    const one = createMailer({ smtpUrl: server.url, from: 'orders@shop.example', timeoutMs: 5_000 });
    const addresses = fc
      .stringMatching(new RegExp(mailAddressPattern, 'u'), { size: '-1' })
      .filter(isMailAddress);
    await fc.assert(
      fc.asyncProperty(addresses, async (address) => {
        expect(await one.send(address, mail)).toEqual({ kind: 'delivered', status: 250 });
        const [local, domain] = address.split('@');
        expect(server.recipients.pop()).toBe(`<${local}@${domain!.toLowerCase()}>`);
      }),
      { numRuns: 200 },
    );
    one.close();
    await server.close();
  });

  it.each([[[]], [['PIPELINING']]])(
    'does not count a deferred recipient as a fault of the server: %o',
    async (extensions) => {
      for (const answers of [{ recipient: '450 later' }, { data: '451 later' }, { text: '452 later' }]) {
        const server = await startSmtp({ ...answers, extensions });
        const one = createMailer({ smtpUrl: server.url, from: 'orders@shop.example', timeoutMs: 1_000 });
        expect(await one.send('c@example.org', mail)).toMatchObject({ kind: 'failed', hostTrouble: false });
        one.close();
        await server.close();
      }
      const server = await startSmtp({ recipient: '421 closing', extensions });
      const one = createMailer({ smtpUrl: server.url, from: 'orders@shop.example', timeoutMs: 1_000 });
      expect(await one.send('c@example.org', mail)).toMatchObject({ kind: 'failed', hostTrouble: true });
      one.close();
      await server.close();
    },
  );

  it('reports a server that is down', async () => {
    await sink.close();
    expect(await mailer.send('c@example.org', mail)).toMatchObject({ kind: 'failed', hostTrouble: true });
  });
});

describe('mailTextOf', () => {
  const message = JSON.parse(mail.payload) as Message;

  const withData = (data: Partial<Message['data']>) =>
    mailTextOf({ ...message, data: { ...message.data, ...data } });

  it.each([
    ['EUR', 'EUR 11.90'],
    ['JPY', 'JPY 1,190'],
    ['HUF', 'HUF 11.90'],
    ['IDR', 'IDR 11.90'],
    ['COP', 'COP 11.90'],
    ['IQD', 'IQD 1.190'],
    ['KWD', 'KWD 1.190'],
  ])('writes amounts in the minor units of %s', (currency, amount) => {
    expect(withData({ currency }).text).toContain(`Total: ${amount.replace(' ', '\u00a0')}\n`);
  });

  it('writes no amount rather than a wrong one', () => {
    expect(withData({ currency: 'XTS' }).text).not.toContain('Total');
  });

  it('contains no text of the caller: no SKU, no reason, no line break in a name', () => {
    const line = { sku: 'https://evil.example', quantity: 1, unitPrice: 1, lineTotal: 1, ...lineDefaults };
    const { text } = withData({
      items: [
        { ...line, name: null },
        { ...line, name: 'Tea\nTotal: EUR 0.01\u2028Order: https://evil.example/x' },
      ],
      reason: { code: 'CUSTOMER', message: 'see https://evil.example' },
      couponCode: 'evil.example',
      shipment: { carrier: 'Post\nTotal: EUR 0.02', trackingNumber: 'A\rB' },
    });
    expect(text).not.toContain('see https');
    expect(text.split(/[\n\r\u2028]/).filter((one) => /^(Total|Order):/.test(one))).toEqual([
      'Total: EUR\u00a011.90',
      `Order: ${message.data.id}`,
    ]);
    expect(text).toContain('  1 × article\n');
  });

  it('has a text for every status, and for an unknown one', () => {
    for (const status of [
      'PENDING_PAYMENT',
      'PAID',
      'SHIPPED',
      'CANCELLED',
      'EXPIRED',
      'RETURNED',
      'LATER',
    ]) {
      const { subject, text } = mailTextOf({ ...message, data: { ...message.data, status } });
      expect(subject).toContain(message.data.id.slice(0, 8));
      expect(text).toContain(status);
    }
  });

  it('has a text of its own for each change that keeps the status, and shows the amount that goes back', () => {
    const status = 'PAID';
    const changes = [...changesOfMoney, ...changesOfUnits];
    const subjects = changes.map((change) => {
      const data = { ...message.data, status, previousStatus: status };
      return mailTextOf({ ...message, type: `order.${change}`, data }).subject;
    });
    expect(new Set(subjects).size).toBe(changes.length);
    for (const subject of subjects) expect(subject).not.toMatch(/is paid$|^News/);
    const refund = {
      id: message.data.id,
      amount: 250,
      currency: 'EUR',
      status: 'SUCCEEDED',
      reason: 'SURPLUS',
    };
    expect(withData({ refund }).text).toContain('Refund: EUR\u00a02.50\n');
  });

  it('says nothing old about a change of a later version that keeps the status', () => {
    const data = { ...message.data, status: 'PAID', previousStatus: 'PAID' };
    expect(mailTextOf({ ...message, type: 'order.gift_wrapped', data }).subject).toContain('News');
  });
});
