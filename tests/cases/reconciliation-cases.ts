/** Rows about reconciliation, the projector, and their commands. */
import { orderstream } from '../support/programs/command-line.ts';
import type { Case, ShownElsewhere } from './case.ts';

export const reconciliationCases: readonly Case[] = [
  {
    id: 'L6',
    holds:
      '`explain` shows what an order waits for and its first version; `findings list --json` is complete',
    async run(product) {
      const place = await fetch(`${product.url}/v1/orders`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await product.token('case-explain')}`,
          'content-type': 'application/json',
          'idempotency-key': `case-l6-${Date.now()}`,
          prefer: 'wait=10',
        },
        body: JSON.stringify({
          currency: 'EUR',
          items: [{ sku: 'NO-SUCH', quantity: 1 }],
          shippingAddress: {
            name: 'Ada',
            line1: '1 Row',
            city: 'London',
            postalCode: 'W1U 6TU',
            country: 'GB',
          },
        }),
      });
      const { id: orderId } = (await place.json()) as { id?: string };
      if (orderId === undefined) return `placing was answered with ${place.status}`;
      const { stdout } = await orderstream(product, ['explain', orderId]);
      if (!stdout.includes('waits for: nothing')) return 'explain does not show what the order waits for';
      if (!/history\n\s+version 1 /.test(stdout)) return 'explain shows no version 1';
      const listed = await orderstream(product, ['findings', 'list', '--json', '--all']);
      return Array.isArray(JSON.parse(listed.stdout)) ? null : 'findings list --json prints no list';
    },
  },
];

export const reconciliationShownElsewhere: readonly ShownElsewhere[] = [
  {
    id: 'L6',
    holds: '`findings list` counts by kind first, and has every one of 12,349 findings as JSON',
    shownBy: 'tests/integration/cli/findings.test.ts',
  },
  {
    id: 'R6',
    holds: 'an order that is only unpaid is not stuck, and a stuck one is found',
    shownBy: 'services/reconciliation/walking/book.test.ts',
  },
  {
    id: 'R9',
    holds: 'the snapshot is recreated as docs/operating describes, and reconciliation continues',
    shownBy: 'tests/integration/projector/logs.test.ts',
  },
  {
    id: 'R9',
    holds: 'the snapshot is recreated as docs/operating says, and reconciliation continues',
    shownBy: 'npm run chaos -- snapshot-anew',
  },
  {
    id: 'R9',
    holds: 'reconciliation continues after topics are recreated, truncated or emptied, and names them',
    shownBy: 'tests/integration/reconciliation/logs.test.ts',
  },
  {
    id: 'R13',
    holds:
      'a stock difference is found although more orders differ than are listed; none closes because of a limit',
    shownBy: 'tests/integration/reconciliation/bounds.test.ts',
  },
  {
    id: 'R13',
    holds:
      'a stock difference is found although more orders differ than are listed; none closes because of a limit',
    shownBy: 'npm run chaos -- findings-bound',
  },
  {
    id: 'R14',
    holds: 'one stalled lane of twelve is named by its finding and by lag',
    shownBy: 'tests/integration/reconciliation/stuck-lane.test.ts',
  },
  {
    id: 'R14',
    holds: 'one stalled lane of twelve is named by its finding and by lag',
    shownBy: 'npm run chaos -- stuck-lane',
  },
];
