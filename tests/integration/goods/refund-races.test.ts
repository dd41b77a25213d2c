/**
 * Refunds, their results and their retries, in the tables and the log. The outcomes are the same in one batch, in several, and
 * with crashes between.
 */
import { expect, test } from 'vitest';
import {
  closeCommand,
  deliverCommand,
  goodsIssuedAtMs,
  refundCommand,
  returnCommand,
  shipCommand,
} from '../../support/arena/goods-commands.ts';
import { cancelCommand } from '../../support/arena/load.ts';
import { confirmCommand, recordCommand, retryCommand } from '../../support/arena/money-commands.ts';
import { expectRaces, type Races } from '../../support/arena/races.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { useArena } from '../../support/arena/use-arena.ts';

/** Each order has 4 units of 250. */
const quantity = 4;
const total = 1_000;
/** The default of RETURN_WINDOW. */
const windowMs = 2_592_000_000;
const used = useArena('refund-races');

const paid = (id: string) => confirmCommand(id, `${id}-1`, total);
const isPaid = 'APPLIED PAID 2';
/** The id of the command that cancels a paid order, and so requests its refund. */
const of = 'cancel';
const cancelled = (id: string) => [paid(id), cancelCommand(id, of)];
const isCancelled = [isPaid, 'APPLIED CANCELLED 3 CANCELLED 1000'];
const made = { amount: total, succeeded: true, providerRefundId: 're-1' };
const failed = { ...made, succeeded: false };
const givenUp = { ...failed, providerRefundId: null };

const races: Races = {
  'a refund fails, another one takes its place, then it is retried': [
    (id) => [
      paid(id),
      refundCommand(id, { amount: 600 }, 'a'),
      recordCommand(id, 'a', { ...failed, amount: 600 }),
      refundCommand(id, { amount: 600 }, 'b'),
      retryCommand(id, 'a'),
    ],
    [
      isPaid,
      'APPLIED PAID 3 ON_REQUEST 600',
      'APPLIED PAID 4 ON_REQUEST 600',
      'APPLIED PAID 5 ON_REQUEST 600',
      'REFUSED PAID 5 REFUND_TOO_LARGE',
    ],
  ],
  'a failed refund is retried twice': [
    (id) => [
      ...cancelled(id),
      recordCommand(id, of, failed),
      retryCommand(id, of, 'r1'),
      retryCommand(id, of, 'r2'),
    ],
    [
      ...isCancelled,
      'APPLIED CANCELLED 4 CANCELLED 1000',
      'APPLIED CANCELLED 5 CANCELLED 1000',
      'REFUSED CANCELLED 5 REFUND_NOT_FAILED',
    ],
  ],
  'an open refund is retried': [
    (id) => [...cancelled(id), retryCommand(id, of)],
    [...isCancelled, 'REFUSED CANCELLED 3 REFUND_NOT_FAILED'],
  ],
  'the provider says FAILED, then SUCCEEDED': [
    (id) => [...cancelled(id), recordCommand(id, of, failed), recordCommand(id, of, made)],
    [...isCancelled, 'APPLIED CANCELLED 4 CANCELLED 1000', 'REFUSED CANCELLED 4 REFUND_DIFFERS'],
  ],
  'the provider says SUCCEEDED, then FAILED': [
    (id) => [...cancelled(id), recordCommand(id, of, made), recordCommand(id, of, failed)],
    [...isCancelled, 'APPLIED CANCELLED 4 CANCELLED 1000', 'APPLIED CANCELLED 5 CANCELLED 1000'],
  ],
  'a refund is given up, then it succeeds': [
    (id) => [...cancelled(id), recordCommand(id, of, givenUp), recordCommand(id, of, made)],
    [...isCancelled, 'APPLIED CANCELLED 4 CANCELLED 1000', 'APPLIED CANCELLED 5 CANCELLED 1000'],
  ],
  'a refund succeeds, then it is given up': [
    (id) => [...cancelled(id), recordCommand(id, of, made), recordCommand(id, of, givenUp)],
    [...isCancelled, 'APPLIED CANCELLED 4 CANCELLED 1000', 'REFUSED CANCELLED 4 REFUND_DIFFERS'],
  ],
  'almost everything is refunded, then everything comes back': [
    (id) => [paid(id), shipCommand(id), refundCommand(id, { amount: 900 }), returnCommand(id)],
    [isPaid, 'APPLIED SHIPPED 3', 'APPLIED SHIPPED 4 ON_REQUEST 900', 'APPLIED RETURNED 5 RETURNED 100'],
  ],
  'everything is refunded after the first parcel, then the rest is shipped': [
    (id) => [
      paid(id),
      shipCommand(id, 1, 'a'),
      refundCommand(id, { amount: total }),
      shipCommand(id, 3, 'b'),
    ],
    [isPaid, 'APPLIED PAID 3', 'APPLIED PAID 4 ON_REQUEST 1000', 'REFUSED PAID 4 NOT_PAID_FOR'],
  ],
  'everything is refunded before the first parcel': [
    (id) => [paid(id), refundCommand(id, { amount: total }), shipCommand(id)],
    [isPaid, 'REFUSED PAID 2 CANCEL_INSTEAD', 'APPLIED SHIPPED 3'],
  ],
  'two refunds of the same units': [
    (id) => [
      paid(id),
      shipCommand(id),
      refundCommand(id, { quantity: 3 }, 'a'),
      refundCommand(id, { quantity: 2 }, 'b'),
    ],
    [isPaid, 'APPLIED SHIPPED 3', 'APPLIED SHIPPED 4 ON_REQUEST 750', 'REFUSED SHIPPED 4 QUANTITY_TOO_LARGE'],
  ],
  'closed, then refunded by an amount': [
    (id) => [
      paid(id),
      shipCommand(id),
      deliverCommand(id),
      closeCommand(id, goodsIssuedAtMs + windowMs),
      refundCommand(id, { amount: 5 }),
    ],
    [isPaid, 'APPLIED SHIPPED 3', 'APPLIED DELIVERED 4', 'APPLIED CLOSED 5', 'APPLIED CLOSED 6 ON_REQUEST 5'],
  ],
};

test('races of refunds have the same outcomes in one batch, in several, and with crashes between', async () => {
  await expectRaces({ arena: used().arena, producer: used().producer, sku: 'SKU-0', quantity }, races);
  await used().arena.killWorkers();
  expect((await audit(used().arena, used().producer.history)).findings).toEqual([]);
}, 240_000);
