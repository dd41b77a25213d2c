/** Rows about mails and webhooks that a caller can cause. */

import { orderstream } from '../support/programs/command-line.ts';
import type { Product } from '../support/programs/product.ts';
import type { Case, ShownElsewhere } from './case.ts';

const shippingAddress = {
  name: 'Ada Example',
  line1: '1 Row',
  city: 'London',
  postalCode: 'W1U 6TU',
  country: 'GB',
};

interface Answer {
  readonly status: number;
  /** JSON pointers of the faults of the request. */
  readonly pointers: readonly string[];
}

/**
 * Places an order that differs from a valid one. The catalogue has no such product, so even an accepted order
 * sells nothing.
 */
async function place(product: Product, different: Readonly<Record<string, unknown>>): Promise<Answer> {
  const response = await fetch(`${product.url}/v1/orders`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await product.token('case-mails')}`,
      'content-type': 'application/json',
      'idempotency-key': `case-${JSON.stringify(different).length}-${Object.keys(different).join('-')}`,
    },
    body: JSON.stringify({
      currency: 'EUR',
      items: [{ sku: 'NO-SUCH', quantity: 1 }],
      shippingAddress,
      ...different,
    }),
  });
  const body = (await response.json()) as { errors?: { pointer: string }[] };
  return { status: response.status, pointers: (body.errors ?? []).map(({ pointer }) => pointer) };
}

export const notificationCases: readonly Case[] = [
  {
    id: 'C8',
    holds: 'an address that a mail library would rewrite is refused, with its pointer in the body',
    async run(product) {
      for (const email of [
        'a<b@example.com',
        'a b@example.com',
        '"a"@example.com',
        'a@0x7f.1',
        'a..b@example.com',
      ]) {
        const { status, pointers } = await place(product, { contact: { email } });
        if (status !== 400 || pointers[0] !== '/contact/email')
          return `${email}: ${status} at ${pointers.join()}`;
      }
      return null;
    },
  },
  {
    id: 'C9',
    holds:
      'control characters are refused in one-line texts, in metadata, and in names of `catalogue import`',
    async run(product) {
      const texts = [
        { shippingAddress: { ...shippingAddress, name: 'Ada\nTotal: EUR 0.01' } },
        { shippingAddress: { ...shippingAddress, city: 'London\u2028x' } },
        { metadata: { note: 'a\u001b[2J' } },
        { metadata: { 'a\nb': 'c' } },
      ];
      for (const different of texts) {
        const { status } = await place(product, different);
        if (status !== 400) return `${JSON.stringify(different)}: ${status}`;
      }
      const input = 'sku,name,unit_price_minor,currency,stock\nCASE-C9,"Tea\nTotal: EUR 0.01",1,EUR,1\n';
      const { code, stderr } = await orderstream(product, ['catalogue', 'import', '-'], { input });
      return code === 2 && stderr.includes('one line') ? null : `import: exit code ${code}, ${stderr}`;
    },
  },
];

export const notificationShownElsewhere: readonly ShownElsewhere[] = [
  {
    id: 'S3',
    holds:
      'rejected orders send no mail; addresses and customers have a budget; mails contain no text of a caller',
    shownBy: 'services/notification/intake/intake.test.ts',
  },
  {
    id: 'S4',
    holds: 'deferred recipients delay no mail of another customer',
    shownBy: 'tests/integration/notification/shares.test.ts',
  },
  {
    id: 'S5',
    holds: 'a slow receiver delays no other customer on the same host',
    shownBy: 'tests/integration/notification/shares.test.ts',
  },
  {
    id: 'S6',
    holds: 'names whose server never answers delay no other name',
    shownBy: 'services/notification/receivers/name-resolver.test.ts',
  },
  {
    id: 'S8',
    holds: 'with 200,001 endpoints of 4,001 customers in memory, a change reads only the changed rows',
    shownBy: 'tests/integration/notification/directory.test.ts',
  },
  {
    id: 'S14',
    holds: 'failed hosts are kept in a bounded number, each in constant time',
    shownBy: 'services/notification/receivers/hosts.test.ts',
  },
  {
    id: 'S14',
    holds: 'a refused address and a name without one give the same error, which reveals no internal name',
    shownBy: 'services/notification/receivers/address-guard.test.ts',
  },
  {
    id: 'R10',
    holds:
      'an outcome topic that was truncated or recreated is read again; lost outcomes are counted, nothing is sent twice',
    shownBy: 'tests/integration/notification/log.test.ts',
  },
  {
    id: 'C1',
    holds: 'mails show amounts with the digits of ISO 4217',
    shownBy: 'services/notification/mail/mailer.test.ts',
  },
  {
    id: 'L4',
    holds: 'deleted deliveries are counted at once, also if the service is stopped in between',
    shownBy: 'services/notification/retention.test.ts',
  },
];
