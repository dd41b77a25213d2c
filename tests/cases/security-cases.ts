/** Rows about connections, secrets at rest, and access rights. They need their own servers or logins. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Case, ShownElsewhere } from './case.ts';

export const securityCases: readonly Case[] = [
  {
    id: 'C15',
    holds: 'A customer gets address, contact, metadata and key back, and finds the order by its key',
    async run(product) {
      const key = `c15-${randomUUID()}`;
      const sent = {
        shippingAddress: address,
        contact: { email: 'ada@example.org' },
        metadata: { ref: 'PO-1' },
      };
      const token = await product.token('case-c15');
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const placed = await fetch(`${product.url}/v1/orders`, {
        method: 'POST',
        headers: { ...headers, 'idempotency-key': key, prefer: 'wait=20' },
        body: JSON.stringify({ currency: 'EUR', items: [{ sku: 'MUG-BLUE', quantity: 1 }], ...sent }),
      });
      if (!placed.ok) return `the order was answered with ${placed.status}`;
      const query = new URLSearchParams({ include: 'details', idempotencyKey: key });
      const list = await fetch(`${product.url}/v1/orders?${query}`, { headers });
      const { items = [] } = (await list.json()) as { items?: Record<string, unknown>[] };
      const [order] = items;
      if (items.length !== 1 || order === undefined) return `the list has ${items.length} orders`;
      const wanted = { idempotencyKey: key, ...sent };
      const wrong = Object.entries(wanted).filter(([name, value]) => !isDeepStrictEqual(order[name], value));
      return wrong.length === 0 ? null : `${wrong.map(([name]) => name).join(', ')} did not come back`;
    },
  },
];

const address = {
  name: 'Ada Example',
  line1: '1 Sample Street',
  city: 'Berlin',
  postalCode: '10115',
  country: 'DE',
};

export const securityShownElsewhere: readonly ShownElsewhere[] = [
  {
    id: 'S7',
    holds: 'An encrypted connection is verified, and the command line reads MYSQL_URL as services do',
    shownBy: 'tests/integration/servers/tls-servers.test.ts',
  },
  {
    id: 'S11',
    holds:
      'No webhook secret is in the database in clear text, and each is bound to its endpoint and customer',
    shownBy: 'tests/integration/ingestion/webhooks.test.ts',
  },
  {
    id: 'S11',
    holds: 'Every service works with its own login, which has no other rights than the service needs',
    shownBy: 'tests/integration/servers/least-privilege.test.ts',
  },
  {
    id: 'C14',
    holds:
      'The OpenAPI document names every schema, and has tags, examples, webhooks and the forms of an order',
    shownBy: 'services/ingestion/http/reference/openapi.test.ts',
  },
  {
    id: 'S12',
    holds: 'Each change of an endpoint, secret, price, finding or dead letter is in the audit log',
    shownBy: 'tests/integration/cli/audit.test.ts',
  },
];
