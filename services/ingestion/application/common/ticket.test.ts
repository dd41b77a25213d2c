import { expect, test } from 'vitest';
import { createCursors } from '../read/cursor.ts';
import { createTickets } from './ticket.ts';

const secret = 'a secret of the tests';
const tickets = createTickets([secret], 'log');
const position = { partition: 7, offset: 123_456 };

test('a ticket is valid for its own order and customer only', () => {
  const ticket = tickets.issue('order', 'c1', position);
  expect(tickets.read(ticket, 'order', 'c1')).toEqual(position);
  expect(tickets.read(ticket, 'order', 'c2')).toBeNull();
  expect(tickets.read(ticket, 'other', 'c1')).toBeNull();
  expect(createTickets([`${secret}!`], 'log').read(ticket, 'order', 'c1')).toBeNull();
});

test('a ticket of a deleted log is recognized only with its own order and customer', () => {
  const ticket = createTickets([secret], 'log before').issue('order', 'c1', position);
  expect(tickets.read(ticket, 'order', 'c1')).toBe('otherLog');
  expect(tickets.read(ticket, 'order', 'c2')).toBeNull();
});

test('a changed ticket is invalid', () => {
  const ticket = tickets.issue('order', 'c1', position);
  for (let i = 0; i < ticket.length; i++) {
    const touched = `${ticket.slice(0, i)}${ticket[i] === '1' ? '2' : '1'}${ticket.slice(i + 1)}`;
    // The last character of 16 bytes in base64url carries four unused bits.
    if (i < ticket.length - 1) expect(tickets.read(touched, 'order', 'c1'), touched).toBeNull();
  }
  for (const text of [
    '',
    '..',
    `0${ticket}`,
    `${ticket}x`,
    '7.123456.',
    '7.123456.aaaaaaaaaaaaaaaaaaaaaa',
    '7.99999999999999999999.aaaaaaaaaaaaaaaaaaaaaa',
  ]) {
    expect(tickets.read(text, 'order', 'c1')).toBeNull();
  }
});

test('a cursor continues its own list only', () => {
  const cursors = createCursors([secret]);
  const after = { createdAtMs: 1_767_600_000_000, orderKey: 7 * 2 ** 48 + 5 };
  const cursor = cursors.issue(after, 'c1|');
  expect(cursors.read(cursor, 'c1|')).toMatchObject(after);
  expect(cursors.read(cursor, 'c2|')).toBeNull();
  expect(cursors.read(cursor, 'c1|PAID')).toBeNull();
  expect(cursors.read(`${cursor}A`, 'c1|')).toBeNull();
  expect(cursors.read('', 'c1|')).toBeNull();
});

test('a new first secret voids no ticket and no cursor while the old one is still listed', () => {
  const rotated = [`${secret} of tomorrow`, secret];
  const ticket = tickets.issue('order', 'c1', position);
  expect(createTickets(rotated, 'log').read(ticket, 'order', 'c1')).toEqual(position);
  const newTicket = createTickets(rotated, 'log').issue('order', 'c1', position);
  expect(newTicket, 'the first secret signs').not.toBe(ticket);
  expect(tickets.read(newTicket, 'order', 'c1')).toBeNull();

  const after = { createdAtMs: 1_767_600_000_000, orderKey: 5 };
  const cursor = createCursors([secret]).issue(after, 'c1|');
  expect(createCursors(rotated).read(cursor, 'c1|')).toMatchObject(after);
  expect(createCursors(rotated.slice(0, 1)).read(cursor, 'c1|')).toBeNull();
});
